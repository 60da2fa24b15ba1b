import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readExamples } from './examples.ts';
import { openTable } from './table.ts';
import { TestFolder } from './test-support.ts';

const folder = new TestFolder();
afterAll(() => folder.remove());
const write = async (name: string, content: string) => {
  const file = await folder.path(name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
};
const card = (features: string) => `---\nlicense: mit\ndataset_info:\n${features}\n---\n# Reviews\n`;

describe("names of class numbers beside a data set's files", () => {
  it('come out of the front matter of its card, one folder above too', async () => {
    await write(
      'card/README.md',
      card(
        "  features:\n  - name: text\n    dtype: string\n  - name: label\n    dtype:\n      class_label:\n        names:\n          '0': neg\n          '1': pos",
      ),
    );
    const file = await write('card/data/train.csv', 'text,label\na,1\nb,0\nc,-1\n');
    expect((await openTable(file)).classNames).toEqual({ label: ['neg', 'pos'] });
    const { examples, classNames } = await readExamples(file, { labelColumn: 'label' });
    expect(examples.map(({ label }) => label)).toEqual(['pos', 'neg']);
    expect(classNames).toEqual(['neg', 'pos']);
  });

  it('come out of dataset_infos.json where its configurations agree', async () => {
    const label = (names: string[]) => ({ features: { label: { _type: 'ClassLabel', names }, text: {} } });
    await write('infos/dataset_infos.json', JSON.stringify({ a: label(['x', 'y']), b: label(['x', 'y']) }));
    const file = await write('infos/a.jsonl', '{"text":"t","label":1}\n');
    expect((await openTable(file)).classNames).toEqual({ label: ['x', 'y'] });
    await write('infos/dataset_infos.json', JSON.stringify({ a: label(['x', 'y']), b: label(['y', 'x']) }));
    expect((await openTable(file)).classNames).toBeUndefined();
  });

  it('are none where the description is of something else, broken or too long', async () => {
    for (const [i, content] of [
      '# Notes\n',
      card('  features: ['),
      card('  features: 3'),
      `---\n${'x'.repeat(300_000)}`,
    ].entries()) {
      await write(`none-${i}/README.md`, content);
      const file = await write(`none-${i}/a.csv`, 'text,label\na,1\n');
      expect((await openTable(file)).classNames ?? {}).toEqual({});
    }
  });
});
