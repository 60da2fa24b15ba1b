import type { Names, Task } from '../../../shared/tasks/task.ts';
import type { Prediction } from './predict-request.ts';

/** An answer as it is given by HTTP. `cut`: the text was longer than the model reads. */
export const prediction = (task: Task, answer: object, names: Names, cut: boolean): Prediction => ({
  ...task.line(answer),
  ...task.more(answer, names),
  cut,
});
