import { crc32 } from 'node:zlib';

/** A zip file of uncompressed parts, for tests. */
export function storedZip(parts: [name: string, data: Uint8Array][]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, data] of parts) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const write = Buffer.alloc(14);
    write.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02\x14\0'), common, write, Buffer.from(name));
    const entry = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data]);
    local.push(entry);
    offset += entry.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}

/** A file as torch.save writes it, around this pickle. */
export function torchZip(pickle: Uint8Array, parts: Record<string, Uint8Array> = {}): Buffer {
  const more = Object.entries(parts).map(([name, data]): [string, Uint8Array] => [`m/${name}`, data]);
  return storedZip([['m/data.pkl', pickle], ...more]);
}
