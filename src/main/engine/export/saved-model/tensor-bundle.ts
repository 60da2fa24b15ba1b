import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import protobuf from 'protobufjs';
import { writeFileAtomic } from '../../formats/atomic.ts';
import { protoEncoder } from '../../formats/proto-encoder.ts';
import { maskedCrc32c } from './crc32c.ts';

/** A float32 tensor of a checkpoint; its bytes are asked for when its turn comes. */
export interface BundleTensor {
  name: string;
  shape: readonly number[];
  bytes: number;
  data: () => Promise<Uint8Array>;
}

/** The part of tensor_bundle.proto (TensorFlow, Apache-2.0) that an index is made of. */
const encode = protoEncoder(
  `
  syntax = "proto3";
  message Version { int32 producer = 1; }
  message Header { int32 num_shards = 1; int32 endianness = 2; Version version = 3; }
  message Dim { int64 size = 1; }
  message Shape { repeated Dim dim = 2; }
  message Entry { int32 dtype = 1; Shape shape = 2; int32 shard_id = 3; int64 offset = 4; int64 size = 5;
    fixed32 crc32c = 6; }
`,
);

const FLOAT32 = 1;

/**
 * Writes tensors as a TensorFlow checkpoint of one shard, `<folder>/variables.{index,data-00000-of-00001}`, one tensor
 * in memory at a time. Gives a name that no checkpoint with other values has.
 */
export async function writeTensorBundle(folder: string, tensors: readonly BundleTensor[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  const entries: { key: string; value: Uint8Array }[] = [];
  async function* contents(): AsyncGenerator<Uint8Array> {
    let offset = 0;
    for (const { name, shape, bytes, data } of tensors) {
      const values = await data();
      if (values.byteLength !== bytes)
        throw new Error(`${name}: ${values.byteLength} bytes instead of ${bytes}.`);
      const dim = shape.map((size) => ({ size }));
      const entry = { dtype: FLOAT32, shape: { dim }, offset, size: bytes, crc32c: maskedCrc32c(values) };
      entries.push({ key: name, value: encode('Entry', entry) });
      offset += bytes;
      yield values;
    }
  }
  await writeFileAtomic(path.join(folder, 'variables.data-00000-of-00001'), contents());
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  const header = encode('Header', { num_shards: 1, version: { producer: 1 } });
  const index = sortedTable([{ key: '', value: header }, ...entries]);
  await writeFileAtomic(path.join(folder, 'variables.index'), index);
  return maskedCrc32c(index).toString(16);
}

/** LevelDB's table format, in which TensorFlow keeps an index: one block, its handle in an index block, a footer. */
function sortedTable(entries: readonly { key: string; value: Uint8Array }[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const add = (content: Uint8Array): Uint8Array => {
    // Uncompressed, and the checksum of that.
    const typed = Buffer.concat([content, Uint8Array.of(0)]);
    const crc = Buffer.alloc(4);
    crc.writeUInt32LE(maskedCrc32c(typed));
    const handle = Buffer.concat([varint(offset), varint(content.length)]);
    parts.push(typed, crc);
    offset += typed.length + crc.length;
    return handle;
  };
  const rows = add(block(entries));
  const meta = add(block([]));
  const index = add(block([{ key: entries.at(-1)!.key, value: rows }]));
  const footer = Buffer.alloc(48);
  Buffer.concat([meta, index]).copy(footer);
  footer.writeBigUInt64LE(0xdb4775248b80fb57n, 40);
  return Buffer.concat([...parts, footer]);
}

/** Entries with their whole keys: each is a restart. */
function block(entries: readonly { key: string; value: Uint8Array }[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const restarts: number[] = [];
  let offset = 0;
  for (const { key, value } of entries) {
    restarts.push(offset);
    const bytes = Buffer.from(key);
    const entry = Buffer.concat([varint(0), varint(bytes.length), varint(value.length), bytes, value]);
    parts.push(entry);
    offset += entry.length;
  }
  if (restarts.length === 0) restarts.push(0);
  const tail = Buffer.alloc(4 * (restarts.length + 1));
  [...restarts, restarts.length].forEach((value, i) => tail.writeUInt32LE(value, 4 * i));
  return Buffer.concat([...parts, tail]);
}

function varint(value: number): Uint8Array {
  return protobuf.Writer.create().uint32(value).finish();
}
