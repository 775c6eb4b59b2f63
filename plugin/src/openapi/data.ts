/** Plain data, which JSON and YAML have in common. */
export type Data = string | boolean | readonly Data[] | DataObject;

export interface DataObject {
  readonly [key: string]: Data;
}
