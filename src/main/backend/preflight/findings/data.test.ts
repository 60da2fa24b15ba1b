import { describe, expect, it } from 'vitest';
import { specSchema, type ExperimentSpec } from '../../../../shared/contract/experiments.ts';
import { lengthFindings } from './data.ts';

const spec = (data: object): ExperimentSpec =>
  specSchema.parse({ modelId: 'm', versionId: 'v', adapter: { peft_type: 'LORA' }, data });

describe('lengths against the place where texts are cut', () => {
  const lengths = Array.from({ length: 1000 }, (_, i) => i + 1);

  it('says "about" where not all rows were looked at, and offers the length that keeps 99 %', () => {
    const [finding] = lengthFindings(
      { lengths, of: 50_000, modelMaxLength: 2048 },
      spec({ maxLength: 900 }),
      2048,
    );
    expect(finding).toMatchObject({
      code: 'truncation',
      weight: 'warning',
      message: 'About 10.0 % of the texts are cut at 900 tokens.',
      repair: { patch: { data: { maxLength: 992 } } },
    });
  });

  it('gives the number of rows where all were looked at', () => {
    const [finding] = lengthFindings(
      { lengths, of: 1000, modelMaxLength: null },
      spec({ maxLength: 990 }),
      990,
    );
    expect(finding).toMatchObject({
      weight: 'info',
      message: '1.0 % of the texts (10 rows) are cut at 990 tokens.',
      repair: null,
    });
  });

  it("cuts at the model's limit where no length is set", () => {
    const findings = lengthFindings({ lengths: [5, 9], of: 2, modelMaxLength: null }, spec({}), 8);
    expect(findings.map(({ message }) => message)).toEqual([
      '50.0 % of the texts (1 row) are cut at 8 tokens.',
    ]);
    const none = lengthFindings({ lengths: [5, 8], of: 2, modelMaxLength: null }, spec({}), 8);
    expect(none.map(({ weight, detail }) => [weight, detail])).toEqual([
      ['good', 'The longest has 8 tokens.'],
    ]);
  });
});
