import type { DescFile } from "@bufbuild/protobuf";
import { file_connectum_auth_v1_options } from "./gen/connectum/auth/v1/options_pb.js";

/** The options proto as this version of the plugin knows it. */
export const optionsProto: DescFile = file_connectum_auth_v1_options;
export const optionsPackage = "connectum.auth.v1";

/** Whether a file declares the options. A copy at another path declares them as well. */
export function isOptionsProto(file: DescFile): boolean {
  return file.proto.package === optionsPackage;
}
