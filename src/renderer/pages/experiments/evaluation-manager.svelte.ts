import type { OutputOf } from '../../../shared/contract.ts';
import { classDetailSchema } from '../../../shared/tasks/single-label.ts';
import { Pages, Resource, type Rpc } from '../../kit.ts';

/** Which rows are looked at, and which of them first. */
export interface RowChoice {
  only: 'all' | 'wrong' | 'right';
  order: 'row' | 'confident' | 'worst' | 'best';
}

const pageSize = 50;

/** The evaluation of an experiment and the rows behind it. */
export class EvaluationManager extends Resource<OutputOf<'experiments/evaluation'>> {
  readonly rows: Pages<OutputOf<'experiments/predictions'>>;
  choice = $state.raw<RowChoice>({ only: 'wrong', order: 'confident' });

  constructor(rpc: Rpc, id: string) {
    super(rpc, () => rpc.call('experiments/evaluation', { id }));
    this.rows = new Pages(rpc, (offset) =>
      rpc.call('experiments/predictions', { id, ...this.choice, offset, limit: pageSize }),
    );
  }

  protected override taken({ evaluation }: OutputOf<'experiments/evaluation'>): void {
    if (evaluation) void this.rows.replace();
  }

  /** Whether it was evaluated but its answers are not kept: by an older release, or removed since. */
  get withoutAnswers(): boolean {
    if (this.rows.value?.total !== 0) return false;
    const { only } = this.choice;
    return only === 'all' || (only === 'wrong' && this.#errors > 0);
  }
  get #errors(): number {
    const { data } = classDetailSchema.safeParse(this.value?.evaluation);
    return (data?.confusion ?? [])
      .flatMap((row, at) => row.filter((_, other) => other !== at))
      .reduce((sum, one) => sum + one, 0);
  }

  /** Shows other rows; the ones before stay until they are there. */
  choose(choice: RowChoice): Promise<void> {
    this.choice = choice;
    return this.rows.replace();
  }
}
