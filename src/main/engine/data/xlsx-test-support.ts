import { crc32 } from 'node:zlib';

type Cell = string | number | boolean;

/** For tests: a zip archive of parts that are stored. `claims`: sizes that it states instead of the true ones. */
export function zipOf(parts: Record<string, string>, claims: Record<string, number> = {}): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(parts)) {
    const data = Buffer.from(content);
    const sizes = Buffer.alloc(12);
    sizes.writeUInt32LE(crc32(data), 0);
    sizes.writeUInt32LE(data.length, 4);
    sizes.writeUInt32LE(claims[name] ?? data.length, 8);
    const lengths = Buffer.from([Buffer.byteLength(name), 0, 0, 0]);
    const method = claims[name] === undefined ? 0 : 8;
    const common = Buffer.from([20, 0, 0, 8, method, 0, 0, 0, 0, 0]);
    const file = Buffer.concat([Buffer.from('PK\x03\x04'), common, sizes, lengths, Buffer.from(name), data]);
    const offset = Buffer.alloc(14);
    offset.writeUInt32LE(at, 10);
    directory.push(
      Buffer.concat([
        Buffer.from('PK\x01\x02'),
        Buffer.from([20, 0]),
        common,
        sizes,
        lengths,
        offset,
        Buffer.from(name),
      ]),
    );
    files.push(file);
    at += file.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(entries.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...files, entries, Buffer.from('PK\x05\x06'), end]);
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** For tests: a workbook as Excel writes it, its texts shared. `replace`: in the first sheet. */
export function workbook(
  sheets: readonly (readonly (readonly Cell[])[])[],
  change: { claims?: Record<string, number>; replace?: [string, string] } = {},
): Buffer {
  const texts: string[] = [];
  const cell = (value: Cell, row: number, column: number): string => {
    const reference = `r="${String.fromCharCode(65 + column)}${row}"`;
    if (value === '') return '';
    if (typeof value === 'number') return `<c ${reference}><v>${value}</v></c>`;
    if (typeof value === 'boolean') return `<c ${reference} t="b"><v>${value ? 1 : 0}</v></c>`;
    return `<c ${reference} t="s"><v>${texts.push(value) - 1}</v></c>`;
  };
  const parts: Record<string, string> = {};
  sheets.forEach((rows, i) => {
    const data = rows.map(
      (cells, r) => `<row r="${r + 1}">${cells.map((value, c) => cell(value, r + 1, c)).join('')}</row>`,
    );
    const xml = `<worksheet><sheetData>${data.join('')}</sheetData></worksheet>`;
    const [from, to] = change.replace ?? ['', ''];
    parts[`xl/worksheets/sheet${i + 1}.xml`] = i === 0 ? xml.replace(from, to) : xml;
  });
  const all = sheets.map((_, i) => i + 1);
  parts['xl/workbook.xml'] =
    `<workbook><sheets>${all.map((n) => `<sheet name="Sheet${n}" sheetId="${n}" r:id="rId${n}"/>`).join('')}</sheets></workbook>`;
  parts['xl/_rels/workbook.xml.rels'] =
    `<Relationships>${all.map((n) => `<Relationship Id="rId${n}" Target="worksheets/sheet${n}.xml"/>`).join('')}</Relationships>`;
  parts['xl/sharedStrings.xml'] =
    `<sst>${texts.map((text) => `<si><r><t xml:space="preserve">${escaped(text)}</t></r><rPh><t>x</t></rPh></si>`).join('')}</sst>`;
  return zipOf(parts, change.claims);
}
