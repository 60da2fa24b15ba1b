import { cliFaults } from './cli.ts';
import { dataFaults } from './data.ts';
import { Fault, filled, type FaultText, type ParametersOf } from './fault.ts';
import { hubFaults } from './hub.ts';
import { modelsFaults } from './models.ts';
import { programFaults } from './program.ts';
import { resultsFaults } from './results.ts';
import { trainingFaults } from './training.ts';

export { Fault } from './fault.ts';

/** Every text a person can get, by code `area/what`. */
const catalogue = {
  ...cliFaults,
  ...dataFaults,
  ...hubFaults,
  ...modelsFaults,
  ...programFaults,
  ...resultsFaults,
  ...trainingFaults,
};
type Texts = typeof catalogue;
export type FaultCode = keyof Texts;

/** Makes the fault `code` with its parameters; `throw fault('files/missing', { file })`. */
export function fault<Code extends FaultCode>(
  code: Code,
  parameters: ParametersOf<Texts[Code]>,
  cause?: unknown,
): Fault {
  const text: string | ((p: never) => FaultText) = catalogue[code];
  return new Fault(
    code,
    typeof text === 'string' ? filled(text, parameters) : text(parameters as never),
    cause,
    parameters,
  );
}
