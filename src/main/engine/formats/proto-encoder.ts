import protobuf from 'protobufjs';

/** Encodes messages of a schema, by their names; fields are called as the schema calls them. */
export function protoEncoder(schema: string): (type: string, value: object) => Uint8Array {
  const { root } = protobuf.parse(schema, { keepCase: true });
  return (type, value) => root.lookupType(type).encode(value).finish();
}
