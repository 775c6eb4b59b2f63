import { clone, create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, MethodOptions_IdempotencyLevel, MethodOptionsSchema } from "@bufbuild/protobuf/wkt";
import { EchoService } from "../gen/lab/v1/lab_pb.js";

/** The lab's service, whose unary method has no side effects: Connect may call it by GET. */
export const SafeEchoService: typeof EchoService = createSafeService();

function createSafeService(): typeof EchoService {
  const file = clone(FileDescriptorProtoSchema, EchoService.file.proto);
  const unary = file.service.find(({ name }) => name === "EchoService")?.method.find(({ name }) => name === "Unary");
  if (unary === undefined) throw new Error("the lab has no EchoService.Unary");
  unary.options ??= create(MethodOptionsSchema);
  unary.options.idempotencyLevel = MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  const registry = createFileRegistry(
    file,
    (name) => EchoService.file.dependencies.find((one) => one.proto.name === name)?.proto,
  );
  return registry.getService("lab.v1.EchoService") as typeof EchoService;
}
