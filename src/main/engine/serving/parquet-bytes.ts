import { ByteWriter, ParquetWriter, schemaFromColumnData, type ColumnSource } from 'hyparquet-writer';
import { fault } from '../../../shared/faults/index.ts';
import { asJson, requireKnown, type OutputRow, type OutputTable } from './output-table.ts';

/** A row group is written when it has so many rows or characters: it is held whole until then. */
const GROUP_ROWS = 65_536;
const GROUP_CHARACTERS = 2 ** 24;

/** What a column can hold, and how a value becomes it; undefined: it does not. */
const kinds = {
  STRING: { name: 'a text', convert: (value: unknown) => (typeof value === 'string' ? value : undefined) },
  DOUBLE: {
    name: 'a number',
    convert: (value: unknown) => (typeof value === 'number' ? value : undefined),
  },
  INT64: {
    name: 'a whole number',
    convert: (value: unknown) => (typeof value === 'bigint' ? value : undefined),
  },
  BOOLEAN: {
    name: 'true or false',
    convert: (value: unknown) => (typeof value === 'boolean' ? value : undefined),
  },
  TIMESTAMP: { name: 'a time', convert: (value: unknown) => (value instanceof Date ? value : undefined) },
  // Anything goes: lists and objects, and what is not the same in all rows.
  JSON: { name: 'JSON', convert: (value: unknown) => JSON.parse(asJson(value)) as unknown },
} as const;
type Kind = keyof typeof kinds;

/**
 * A table as a Parquet file. The first row group says what each column holds. Throws `playground/column-type` for a
 * later value of another type, and `playground/late-column`.
 */
export async function* parquetBytes({ columns, rows, source }: OutputTable): AsyncGenerator<Uint8Array> {
  const out = new ByteWriter();
  let file: { writer: ParquetWriter; types: Kind[] } | undefined;
  const taken = (): Uint8Array => {
    const bytes = out.getBytes().slice();
    out.index = 0;
    return bytes;
  };
  for await (const group of rowGroups(rows)) {
    for (const row of group) requireKnown(row, columns, source);
    file ??= begun(out, columns, group);
    const { types, writer } = file;
    const columnData = columns.map((column, i) => columnOf(column, types[i]!, group, source));
    await writer.write({ columnData, rowGroupSize: GROUP_ROWS });
    yield taken();
  }
  file ??= begun(out, columns, []);
  await file.writer.finish();
  yield taken();
}

function begun(out: ByteWriter, columns: readonly string[], first: readonly OutputRow[]) {
  const types = columns.map((column) => kindOf(first.map(({ values }) => values[column])));
  const empty = columns.map((name, i): ColumnSource => ({ name, data: [], type: types[i]!, nullable: true }));
  return {
    writer: new ParquetWriter({ writer: out, schema: schemaFromColumnData({ columnData: empty }) }),
    types,
  };
}

/** The one kind that takes all of these values; of no values at all: texts. */
function kindOf(values: readonly unknown[]): Kind {
  const there = values.filter((value) => value !== null && value !== undefined);
  const names = Object.keys(kinds) as Kind[];
  return names.find((name) => there.every((value) => kinds[name].convert(value) !== undefined)) ?? 'JSON';
}

function columnOf(name: string, kind: Kind, group: readonly OutputRow[], source: string): ColumnSource {
  const data = group.map(({ row, values }) => {
    const value = values[name];
    if (value === null || value === undefined) return null;
    const converted = kinds[kind].convert(value);
    if (converted === undefined) {
      throw fault('playground/column-type', { file: source, row, column: name, expected: kinds[kind].name });
    }
    return converted;
  });
  return { name, data, offsetIndex: false };
}

async function* rowGroups(batches: AsyncIterable<OutputRow[]>): AsyncGenerator<OutputRow[]> {
  let group: OutputRow[] = [];
  let characters = 0;
  for await (const batch of batches) {
    group.push(...batch);
    for (const { values } of batch) {
      for (const value of Object.values(values)) characters += typeof value === 'string' ? value.length : 8;
    }
    if (group.length < GROUP_ROWS && characters < GROUP_CHARACTERS) continue;
    yield group;
    [group, characters] = [[], 0];
  }
  if (group.length > 0) yield group;
}
