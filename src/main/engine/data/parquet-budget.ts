import type { AsyncBuffer, ColumnMetaData, RowGroup } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';

const MEGABYTE = 2 ** 20;
/** Bytes that a decoded value holds beside its own. */
const VALUE_BYTES = 12;
/** Bytes of a row, and of each of its fields. */
const ROW_BYTES = 40;
const FIELD_BYTES = 8;
/** A page, its bytes unpacked, and what they become. */
const PAGE_COPIES = 3;

/**
 * Megabytes that decoding one row group of a file may take. What a file unpacks to follows from its size: one of a
 * few kilobytes that asks for gigabytes is damaged, or made to.
 */
export const decoderMegabytes = (fileSize: number): number =>
  Math.min(3072, 512 + Math.ceil((16 * fileSize) / MEGABYTE));

/** Characters of text that a file may unpack to in all. */
export const mostCharacters = (fileSize: number): number => 256 * MEGABYTE + 200 * fileSize;

/** A file asks for more memory than one of its size may. */
export class BudgetError extends Error {}

/**
 * Reads the page headers of a row group before any page is unpacked: the megabytes that decoding takes. Throws a
 * BudgetError where these are over `most`, and an Error where there are fewer values than the group says it has rows.
 */
export async function checkGroup(file: AsyncBuffer, group: RowGroup, most: number): Promise<number> {
  const rows = Number(group.num_rows);
  if (!(rows >= 0)) throw new Error('a row group has a negative number of rows');
  let bytes = rows * (ROW_BYTES + FIELD_BYTES * group.columns.length);
  const spend = (more: number): void => {
    bytes += more;
    if (bytes <= most * MEGABYTE) return;
    const [of, limit] = [rows, most].map((n) => n.toLocaleString('en-US'));
    throw new BudgetError(
      `a row group (${of} ${rows === 1 ? 'row' : 'rows'}) takes over ${limit} MB to unpack`,
    );
  };
  spend(0);
  for (const { meta_data: column } of group.columns) {
    if (!column) throw new Error('a column has no description');
    const values = await walkPages(file, column, spend);
    if (values < rows) {
      const name = column.path_in_schema.join('.');
      throw new Error(`a row group says it has ${rows} rows, its column "${name}" has ${values} values`);
    }
  }
  return bytes / MEGABYTE;
}

/** The values of a column's data pages in a row group, nulls included. */
async function walkPages(
  file: AsyncBuffer,
  column: ColumnMetaData,
  spend: (bytes: number) => void,
): Promise<number> {
  const { dictionary_page_offset: dictionary, data_page_offset: data, total_compressed_size: size } = column;
  const start = Number(dictionary || data);
  const view = new DataView(await file.slice(start, start + Number(size)));
  const reader = { view, offset: 0 };
  let values = 0;
  while (reader.offset < view.byteLength - 1) {
    const header = parquetHeader(reader);
    const count = [
      header.data_page_header?.num_values,
      header.data_page_header_v2?.num_values,
      header.dictionary_page_header?.num_values,
    ].find((number) => number !== undefined);
    const packed = header.compressed_page_size;
    if (!(packed >= 0) || !(header.uncompressed_page_size >= 0) || !((count ?? 0) >= 0)) {
      throw new Error('the header of a page holds a negative size');
    }
    spend((count ?? 0) * VALUE_BYTES + header.uncompressed_page_size * PAGE_COPIES);
    if (!header.dictionary_page_header) values += count ?? 0;
    reader.offset += packed;
  }
  return values;
}
