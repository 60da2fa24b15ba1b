import type { Experiment, ExperimentState } from '../../../shared/contract.ts';

export type Action = 'pause' | 'resume' | 'stop' | 'retry' | 'change' | 'remove';

const byState: Record<ExperimentState, readonly Action[]> = {
  queued: ['stop', 'change'],
  starting: ['stop', 'change'],
  running: ['pause', 'stop', 'change'],
  paused: ['resume', 'stop', 'change', 'remove'],
  interrupted: ['resume', 'retry', 'change', 'remove'],
  failed: ['resume', 'retry', 'change', 'remove'],
  stopped: ['resume', 'retry', 'change', 'remove'],
  finished: ['retry', 'change', 'remove'],
};

/** What can be done with an experiment in its state. Without a checkpoint a failed one only starts anew. */
export function actionsOf({
  state,
  checkpointStep,
}: Pick<Experiment, 'state' | 'checkpointStep'>): readonly Action[] {
  const goesOn = state === 'paused' || state === 'interrupted' || checkpointStep !== null;
  return byState[state].filter((action) => action !== 'resume' || goesOn);
}

/** The button's words. */
export function actionLabel(action: Action, { state, checkpointStep }: Experiment): string {
  switch (action) {
    case 'pause':
      return 'Pause';
    case 'resume':
      return checkpointStep === null ? 'Start again' : `Go on from step ${checkpointStep}`;
    case 'stop':
      return state === 'queued' ? 'Take out of the queue' : 'Stop and keep';
    case 'retry':
      return 'Run again';
    case 'change':
      return 'Duplicate and change';
    case 'remove':
      return 'Remove';
  }
}
