import path from 'node:path';
import { z } from 'zod';
import {
  experimentSchema,
  movedSchema,
  specSchema,
  stateSchema,
  type Evaluation,
  type Experiment,
  type ExperimentState,
} from '../../shared/contract/experiments.ts';
import type { FaultValue } from '../../shared/contract/message.ts';
import { taskKeys } from '../../shared/tasks/index.ts';
import { fault } from '../../shared/faults/index.ts';
import { add, change, column, columnsOf, json, row, rows, run, Store, value } from './query.ts';

/** Figures that a list shows. */
const factsSchema = z.object({
  timeLeft: z.number().nullable().default(null),
  trainable: z.number().nullable().default(null),
  allParameters: z.number().nullable().default(null),
  tokensPerSecond: z.number().nullable().default(null),
  peakMemoryMb: z.number().nullable().default(null),
  trainSeconds: z.number().nullable().default(null),
  evalSeconds: z.number().nullable().default(null),
  wallSeconds: z.number().nullable().default(null),
  unanswered: z.array(z.string()).nullable().default(null),
  device: z.string().nullable().default(null),
  checkpointStep: z.number().nullable().default(null),
});
export type Facts = z.infer<typeof factsSchema>;

/** What only the page of one experiment shows, and what it takes to run it. */
const detailsSchema = z.object({
  /** Who trains it: the app's queue, or a command line of its own. */
  runner: z.enum(['app', 'cli']).default('app'),
  /** Where relative paths of the config start. */
  baseDir: z.string(),
  moved: movedSchema.nullable().default(null),
  newlyInitialized: z.array(z.string()).default([]),
  /** It goes through the queue only to write the adapter of its last checkpoint. */
  finishing: z.boolean().default(false),
});
export type Details = z.infer<typeof detailsSchema>;

const recordSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: stateSchema,
  step: z.number(),
  modelId: z.string().nullable(),
  versionId: z.string().nullable(),
  notes: z.string(),
  spec: json(specSchema).nullable(),
  config: json(z.record(z.string(), z.unknown())),
  folder: z.string(),
  facts: json(factsSchema),
  details: json(detailsSchema),
  startedAt: z.number().nullable(),
  runnerPid: z.number().nullable(),
  updatedAt: z.number(),
});

/** All that is kept of one experiment beside its line in lists, its points and its predictions. */
export type ExperimentRecord = z.infer<typeof recordSchema>;

export interface NewExperiment
  extends
    Pick<ExperimentRecord, 'id' | 'name' | 'state' | 'modelId' | 'versionId' | 'spec' | 'config' | 'folder'>,
    Pick<Experiment, 'modelName' | 'dataName' | 'method' | 'seed' | 'precision'> {
  details: Partial<Details> & { baseDir: string };
  tags: readonly string[];
  /** The process that trains it already. */
  runnerPid?: number;
}

/** Columns that change; `facts` and `details` are merged into what is there. */
export interface Changes {
  name?: string;
  state?: ExperimentState;
  queue_place?: number | null;
  step?: number;
  total_steps?: number;
  epoch?: number;
  loss?: number | null;
  metrics?: Record<string, number> | null;
  evaluation?: Evaluation | null;
  facts?: Partial<Facts>;
  details?: Partial<Details>;
  fault?: FaultValue | null;
  notes?: string;
  starred?: boolean;
  archived?: boolean;
  started_at?: number | null;
  finished_at?: number | null;
  removed_at?: number | null;
  runner_pid?: number | null;
}

/** What is decided when a run ends, however it does. */
export type EndChanges = Required<
  Pick<Changes, 'state' | 'fault' | 'finished_at' | 'runner_pid' | 'queue_place'>
>;

const number = z.number().nullable().catch(null);
const flag = z.number().transform(Boolean);
const settingsSchema = z.object({
  rank: number,
  targets: z
    .union([z.string(), z.array(z.string()).transform((targets) => targets.join(', '))])
    .nullable()
    .catch(null),
  learningRate: number,
  epochs: number,
  batchSize: number,
  maxLength: number,
});
const lineSchema = z
  .looseObject({
    /** Null in configs of before there were several. */
    task: z.string().nullable(),
    facts: json(factsSchema),
    metrics: json(z.unknown()).nullable(),
    fault: json(z.unknown()).nullable(),
    tags: json(z.unknown()),
    starred: flag,
    archived: flag,
    settings: json(settingsSchema),
  })
  .transform(({ task, facts, ...line }) => ({ ...line, ...facts, task: task ?? taskKeys[0] }))
  .pipe(experimentSchema);

const LINE = `
SELECT e.id, e.name, e.state, e.model_id, e.model_name, v.dataset_id, e.version_id, e.data_name,
  e.config ->> '$.task' AS task, e.method, e.seed, e.step, e.total_steps, e.epoch, e.loss, e.metrics, e.precision,
  e.facts, e.fault, e.starred, e.archived, e.created_at, e.started_at, e.finished_at,
  CASE WHEN e.queue_place IS NOT NULL THEN (SELECT count(*) FROM experiments q
    WHERE q.state = 'queued' AND q.removed_at IS NULL AND q.queue_place <= e.queue_place) END AS queue_place,
  json_object('rank', e.config -> '$.adapter.r', 'targets', e.config -> '$.adapter.target_modules',
    'learningRate', e.config -> '$.training.learning_rate', 'epochs', e.config -> '$.training.num_train_epochs',
    'batchSize', e.config -> '$.training.per_device_train_batch_size', 'maxLength', e.config -> '$.data.max_length')
    AS settings,
  (SELECT json_group_array(tag) FROM experiment_tags t WHERE t.experiment_id = e.id) AS tags
FROM experiments e LEFT JOIN dataset_versions v ON v.id = e.version_id`;

const ended = `state IN ('finished', 'stopped') AND removed_at IS NULL`;
const runKinds = {
  listed: 'removed_at IS NULL',
  ended,
  open: `NOT (${ended}) AND removed_at IS NULL`,
  removed: 'removed_at IS NOT NULL',
};

const neighbourSchema = recordSchema.pick({ name: true, config: true });
const folderSchema = recordSchema.pick({ id: true, name: true, folder: true });

/** Experiments in the store: one row each. */
export class ExperimentStore extends Store {
  /** How runs ended that the file could not take yet (a full disk): what this store answers goes by it. */
  private readonly unsaved = new Map<string, EndChanges>();

  /** The end of a run, which is known from now on whether it can be written or not. */
  end(id: string, changes: EndChanges): void {
    this.unsaved.set(id, changes);
  }

  /** Writes down the ends that are not written yet, and gives their experiments. Throws as `update` does. */
  saveEnds(): string[] {
    return [...this.unsaved].map(([id, changes]) => {
      this.update(id, changes);
      return id;
    });
  }

  /** A queued one gets the last place of the queue. */
  insert({ tags, ...given }: NewExperiment): void {
    const now = Date.now();
    this.db.transaction(() => {
      add(this.db, 'experiments', { ...given, createdAt: now, updatedAt: now });
      this.setTags(given.id, tags);
      if (given.state === 'queued') this.update(given.id, { queue_place: this.lastPlace() + 1 });
    })();
  }

  update(id: string, changes: Changes): void {
    change(this.db, 'experiments', id, { ...changes, updated_at: Date.now() }, ['facts', 'details']);
    if (changes.state !== undefined) this.unsaved.delete(id);
  }

  private withEnd<Row>(row: Row & { id: string }): Row & { id: string } {
    const { state, fault, finished_at: finishedAt } = this.unsaved.get(row.id) ?? {};
    return state === undefined ? row : { ...row, state, fault, finishedAt, queuePlace: null };
  }

  setTags(id: string, tags: readonly string[]): void {
    run(this.db, 'DELETE FROM experiment_tags WHERE experiment_id = ?', id);
    for (const tag of new Set(tags)) add(this.db, 'experiment_tags', { experimentId: id, tag });
  }

  /** Newest first. */
  list(archived: boolean): Experiment[] {
    const where = 'WHERE e.removed_at IS NULL AND e.archived <= ? ORDER BY e.created_at DESC, e.rowid DESC';
    const lines = rows(this.db, lineSchema, `${LINE} ${where}`, Number(archived));
    return lines.map((line) => this.withEnd(line));
  }

  /** Throws `store/unknown`. */
  line(id: string): Experiment {
    return this.withEnd(found(id, row(this.db, lineSchema, `${LINE} WHERE e.id = ?`, id)));
  }

  /** Names and configurations of the runs on a data set that a list may show beside a new one. */
  neighbours(dataName: string): z.infer<typeof neighbourSchema>[] {
    const sql = 'SELECT name, config FROM experiments WHERE data_name = ? AND removed_at IS NULL';
    return rows(this.db, neighbourSchema, sql, dataName);
  }

  /** Throws `store/unknown`. */
  record(id: string): ExperimentRecord {
    const sql = `SELECT ${columnsOf(recordSchema)} FROM experiments WHERE id = ?`;
    const record = found(id, row(this.db, recordSchema, sql, id));
    const end = this.unsaved.get(id);
    return end ? { ...record, state: end.state, runnerPid: end.runner_pid } : record;
  }

  /** Throws `store/unknown`. */
  evaluation(id: string): unknown {
    const sql = 'SELECT evaluation FROM experiments WHERE id = ?';
    return found(id, value(this.db, json(z.unknown()).nullish(), sql, id));
  }

  /** Ids in the order of the queue. */
  queue(): string[] {
    return this.ids(`state = 'queued' AND removed_at IS NULL ORDER BY queue_place`);
  }

  /** Experiments that hold a device, as far as the store knows. */
  running(): string[] {
    return this.ids(`state IN ('starting', 'running')`);
  }

  changedSince(time: number): string[] {
    const sql = 'SELECT id FROM experiments WHERE updated_at >= ?';
    return column(this.db, z.string(), sql, time);
  }

  /** Whether it is there and not removed. */
  isKept(id: string): boolean {
    const sql = 'SELECT count(*) FROM experiments WHERE id = ? AND removed_at IS NULL';
    return value(this.db, z.number(), sql, id) > 0;
  }

  /** The experiment that stands in `folder`, if there is one. */
  inFolder(folder: string): string | undefined {
    const sql =
      'SELECT id FROM experiments WHERE folder = ? AND removed_at IS NULL ORDER BY created_at DESC LIMIT 1';
    return value(this.db, z.string().optional(), sql, folder);
  }

  /** Drops what is known of a folder whose files another run replaces. */
  forget(folder: string): void {
    const owners = 'SELECT id FROM experiments WHERE folder = @folder';
    const adapters = `adapters WHERE experiment_id IN (${owners})`;
    this.db.transaction(() => {
      for (const what of [
        `files WHERE owner_id IN (${owners}) OR owner_id IN (SELECT id FROM ${adapters})`,
        adapters,
        'experiments WHERE folder = @folder',
      ])
        run(this.db, `DELETE FROM ${what}`, { folder });
    })();
  }

  /** Runs whose folder stood in another one of experiments, by their ids, are found in this one: a workspace moved. */
  relocate(experiments: string): void {
    const sql = `SELECT id, name, folder FROM experiments
      WHERE substr(folder, -length(id)) = id AND folder <> ? || id`;
    const moved = rows(this.db, folderSchema, sql, experiments + path.sep);
    const updates = [
      `UPDATE experiments SET folder = @to, details = json_set(details, '$.baseDir', @to) WHERE id = @id`,
      'UPDATE adapters SET folder = @to WHERE experiment_id = @id AND folder = @from',
      `UPDATE files SET path = @to || substr(path, length(@from) + 1)
       WHERE owner_id = @id OR owner_id IN (SELECT id FROM adapters WHERE experiment_id = @id)`,
    ];
    this.db.transaction(() => {
      for (const { id, folder } of moved)
        for (const update of updates)
          run(this.db, update, { id, from: folder, to: path.join(experiments, id) });
    })();
  }

  /** Where runs are that `kind` says; those of the command line lie in a person's own folders. */
  folders(kind: keyof typeof runKinds): z.infer<typeof folderSchema>[] {
    return rows(this.db, folderSchema, `SELECT id, name, folder FROM experiments WHERE ${runKinds[kind]}`);
  }

  forgetRemoved(): void {
    run(this.db, 'DELETE FROM experiments WHERE removed_at IS NOT NULL');
  }

  lastPlace(): number {
    const sql = `SELECT coalesce(max(queue_place), 0) FROM experiments WHERE state = 'queued'`;
    return value(this.db, z.number(), sql);
  }

  /** Gives the queued experiments their places in this order. */
  reorder(ids: readonly string[]): void {
    this.db.transaction(() => ids.forEach((id, i) => this.update(id, { queue_place: i + 1 })))();
  }

  /** Without those whose end is not written yet. */
  private ids(where: string): string[] {
    const ids = column(this.db, z.string(), `SELECT id FROM experiments WHERE ${where}`);
    return ids.filter((id) => !this.unsaved.has(id));
  }
}

function found<Found>(id: string, value: Found | undefined): Found {
  if (value === undefined) throw fault('store/unknown', { kind: 'experiment', id });
  return value;
}
