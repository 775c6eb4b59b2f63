/** Plain data, which JSON and YAML have in common. */
export type Data = string | number | boolean | null | readonly Data[] | DataObject;

export interface DataObject {
  readonly [key: string]: Data;
}
