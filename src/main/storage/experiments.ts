import path from 'node:path';
import { z } from 'zod';
import {
  experimentSchema,
  movedSchema,
  specSchema,
  stateSchema,
  type Evaluation,
  type Experiment,
  type ExperimentSpec,
  type ExperimentState,
} from '../../shared/contract/experiments.ts';
import type { FaultValue } from '../../shared/contract/message.ts';
import { taskKeys } from '../../shared/tasks/index.ts';
import { fault } from '../../shared/faults/index.ts';
import type { Db } from './database.ts';

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

export interface NewExperiment {
  id: string;
  name: string;
  state: ExperimentState;
  modelId: string | null;
  modelName: string;
  versionId: string | null;
  dataName: string;
  method: string;
  seed: number;
  precision: string;
  spec: ExperimentSpec | null;
  config: Record<string, unknown>;
  folder: string;
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

const merged = new Set(['facts', 'details']);
const asJson = new Set(['metrics', 'evaluation', 'fault']);

const lineSchema = z.object({
  /** Null in configs of before there were several. */
  task: z.string().nullable(),
  facts: z.string(),
  metrics: z.string().nullable(),
  fault: z.string().nullable(),
  tags: z.string(),
  starred: z.number(),
  archived: z.number(),
  settings: z.string(),
});

const LINE = `
SELECT e.id, e.name, e.state, e.model_id AS modelId, e.model_name AS modelName, v.dataset_id AS datasetId,
  e.version_id AS versionId, e.data_name AS dataName, e.config ->> '$.task' AS task, e.method, e.seed, e.step, e.total_steps AS totalSteps, e.epoch,
  e.loss, e.metrics, e.precision, e.facts, e.fault, e.starred, e.archived, e.created_at AS createdAt,
  e.started_at AS startedAt, e.finished_at AS finishedAt,
  CASE WHEN e.queue_place IS NOT NULL THEN (SELECT count(*) FROM experiments q
    WHERE q.state = 'queued' AND q.removed_at IS NULL AND q.queue_place <= e.queue_place) END AS queuePlace,
  json_object('rank', e.config -> '$.adapter.r', 'targets', e.config -> '$.adapter.target_modules',
    'learningRate', e.config -> '$.training.learning_rate', 'epochs', e.config -> '$.training.num_train_epochs',
    'batchSize', e.config -> '$.training.per_device_train_batch_size', 'maxLength', e.config -> '$.data.max_length')
    AS settings,
  (SELECT json_group_array(tag) FROM experiment_tags t WHERE t.experiment_id = e.id) AS tags
FROM experiments e LEFT JOIN dataset_versions v ON v.id = e.version_id`;

const recordSchema = z.object({
  name: z.string(),
  state: stateSchema,
  step: z.number(),
  modelId: z.string().nullable(),
  versionId: z.string().nullable(),
  notes: z.string(),
  spec: z.string().nullable(),
  config: z.string(),
  folder: z.string(),
  facts: z.string(),
  details: z.string(),
  startedAt: z.number().nullable(),
  runnerPid: z.number().nullable(),
  updatedAt: z.number(),
});

/** All that is kept of one experiment beside its line in lists, its points and its predictions. */
export interface ExperimentRecord extends Omit<
  z.infer<typeof recordSchema>,
  'spec' | 'config' | 'facts' | 'details'
> {
  id: string;
  spec: ExperimentSpec | null;
  config: Record<string, unknown>;
  facts: Facts;
  details: Details;
}

const ended = `state IN ('finished', 'stopped') AND removed_at IS NULL`;
const runKinds = {
  listed: 'removed_at IS NULL',
  ended,
  open: `NOT (${ended}) AND removed_at IS NULL`,
  removed: 'removed_at IS NOT NULL',
};

const configSchema = z.record(z.string(), z.unknown());

/** Experiments in the store: one row each. */
export class ExperimentStore {
  readonly db: Db;
  /** How runs ended that the file could not take yet (a full disk): what this store answers goes by it. */
  private readonly unsaved = new Map<string, EndChanges>();

  constructor(db: Db) {
    this.db = db;
  }

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
  insert(given: NewExperiment): void {
    const { db } = this;
    const now = Date.now();
    const { id, name, state, modelId, modelName, versionId, dataName, method, seed, precision, folder } =
      given;
    db.transaction(() => {
      db.prepare(
        `INSERT INTO experiments (id, name, state, model_id, model_name, version_id, data_name, method, seed,
           precision, spec, config, folder, details, runner_pid, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(
        ...[id, name, state, modelId, modelName, versionId, dataName, method, seed, precision],
        given.spec && JSON.stringify(given.spec),
        ...[
          JSON.stringify(given.config),
          folder,
          JSON.stringify(given.details),
          given.runnerPid ?? null,
          now,
          now,
        ],
      );
      this.setTags(id, given.tags);
      if (state === 'queued') this.update(id, { queue_place: this.lastPlace() + 1 });
    })();
  }

  update(id: string, changes: Changes): void {
    const entries = Object.entries(changes);
    const sets = entries.map(([key]) => (merged.has(key) ? `${key} = json_patch(${key}, ?)` : `${key} = ?`));
    const values = entries.map(([key, value]: [string, unknown]) => {
      if (merged.has(key) || (asJson.has(key) && value !== null)) return JSON.stringify(value);
      return typeof value === 'boolean' ? Number(value) : value;
    });
    this.db
      .prepare(`UPDATE experiments SET ${[...sets, 'updated_at = ?'].join(', ')} WHERE id = ?`)
      .run(...values, Date.now(), id);
    if (changes.state !== undefined) this.unsaved.delete(id);
  }

  private withEnd<Row>(row: Row & { id: string }): Row & { id: string } {
    const { state, fault, finished_at: finishedAt } = this.unsaved.get(row.id) ?? {};
    return state === undefined ? row : { ...row, state, fault, finishedAt, queuePlace: null };
  }

  setTags(id: string, tags: readonly string[]): void {
    this.db.prepare('DELETE FROM experiment_tags WHERE experiment_id = ?').run(id);
    const add = this.db.prepare('INSERT OR IGNORE INTO experiment_tags VALUES (?, ?)');
    for (const tag of tags) add.run(id, tag);
  }

  /** Newest first. */
  list(archived: boolean): Experiment[] {
    const rows = this.db
      .prepare(
        `${LINE} WHERE e.removed_at IS NULL AND e.archived <= ? ORDER BY e.created_at DESC, e.rowid DESC`,
      )
      .all(Number(archived));
    return rows.map((row) => this.withEnd(lineOf(row)));
  }

  /** Throws `store/unknown`. */
  line(id: string): Experiment {
    const row = this.db.prepare(`${LINE} WHERE e.id = ?`).get(id);
    if (row === undefined) throw fault('store/unknown', { kind: 'experiment', id });
    return this.withEnd(lineOf(row));
  }

  /** Names and configurations of the runs on a data set that a list may show beside a new one. */
  neighbours(dataName: string): { name: string; config: Record<string, unknown> }[] {
    const rows = this.db
      .prepare('SELECT name, config FROM experiments WHERE data_name = ? AND removed_at IS NULL')
      .all(dataName);
    return z
      .array(z.object({ name: z.string(), config: z.string() }))
      .parse(rows)
      .map(({ name, config }) => ({ name, config: configSchema.parse(JSON.parse(config)) }));
  }

  /** Throws `store/unknown`. */
  record(id: string): ExperimentRecord {
    const row = this.db
      .prepare(
        `SELECT name, state, step, model_id AS modelId, version_id AS versionId, notes, spec, config, folder, facts,
           details, started_at AS startedAt, runner_pid AS runnerPid, updated_at AS updatedAt
         FROM experiments WHERE id = ?`,
      )
      .get(id);
    if (row === undefined) throw fault('store/unknown', { kind: 'experiment', id });
    const { spec, config, facts, details, ...rest } = recordSchema.parse(row);
    const end = this.unsaved.get(id);
    return {
      ...rest,
      id,
      ...(end ? { state: end.state, runnerPid: end.runner_pid } : {}),
      spec: spec === null ? null : specSchema.parse(JSON.parse(spec)),
      config: configSchema.parse(JSON.parse(config)),
      facts: factsSchema.parse(JSON.parse(facts)),
      details: detailsSchema.parse(JSON.parse(details)),
    };
  }

  /** Throws `store/unknown`. */
  evaluation(id: string): unknown {
    const row = this.db.prepare<[string], string | null>('SELECT evaluation FROM experiments WHERE id = ?');
    const text = row.pluck().get(id);
    if (text === undefined) throw fault('store/unknown', { kind: 'experiment', id });
    return text === null ? null : (JSON.parse(text) as unknown);
  }

  /** Ids in the order of the queue. */
  queue(): string[] {
    const ids = this.ids(`state = 'queued' AND removed_at IS NULL ORDER BY queue_place`);
    return ids.filter((id) => !this.unsaved.has(id));
  }

  /** Experiments that hold a device, as far as the store knows. */
  running(): string[] {
    return this.ids(`state IN ('starting', 'running')`).filter((id) => !this.unsaved.has(id));
  }

  changedSince(time: number): string[] {
    return this.ids(`updated_at >= ${time}`);
  }

  /** Whether it is there and not removed. */
  isKept(id: string): boolean {
    return (
      this.db.prepare('SELECT 1 FROM experiments WHERE id = ? AND removed_at IS NULL').get(id) !== undefined
    );
  }

  /** The experiment that stands in `folder`, if there is one. */
  inFolder(folder: string): string | undefined {
    const find = this.db.prepare<[string], string>(
      'SELECT id FROM experiments WHERE folder = ? AND removed_at IS NULL ORDER BY created_at DESC LIMIT 1',
    );
    return find.pluck().get(folder);
  }

  /** Drops what is known of a folder whose files another run replaces. */
  forget(folder: string): void {
    this.db.transaction(() => {
      const owners = 'SELECT id FROM experiments WHERE folder = @folder';
      this.db
        .prepare(
          `DELETE FROM files WHERE owner_id IN (${owners})
             OR owner_id IN (SELECT id FROM adapters WHERE experiment_id IN (${owners}))`,
        )
        .run({ folder });
      this.db.prepare(`DELETE FROM adapters WHERE experiment_id IN (${owners})`).run({ folder });
      this.db.prepare('DELETE FROM experiments WHERE folder = ?').run(folder);
    })();
  }

  /** Runs whose folder stood in another one of experiments, by their ids, are found in this one: a workspace moved. */
  relocate(experiments: string): void {
    const moved = this.db
      .prepare<[string], { id: string; folder: string }>(
        `SELECT id, folder FROM experiments WHERE substr(folder, -length(id)) = id AND folder <> ? || id`,
      )
      .all(experiments + path.sep);
    const update = (sql: string) => this.db.prepare<[{ id: string; from: string; to: string }]>(sql);
    const updates = [
      update(
        `UPDATE experiments SET folder = @to, details = json_set(details, '$.baseDir', @to) WHERE id = @id`,
      ),
      update('UPDATE adapters SET folder = @to WHERE experiment_id = @id AND folder = @from'),
      update(
        `UPDATE files SET path = @to || substr(path, length(@from) + 1)
         WHERE owner_id = @id OR owner_id IN (SELECT id FROM adapters WHERE experiment_id = @id)`,
      ),
    ];
    this.db.transaction(() => {
      for (const { id, folder } of moved)
        for (const change of updates) change.run({ id, from: folder, to: path.join(experiments, id) });
    })();
  }

  /** Where runs are that `kind` says; those of the command line lie in a person's own folders. */
  folders(kind: keyof typeof runKinds): { id: string; name: string; folder: string }[] {
    return this.db
      .prepare<[], { id: string; name: string; folder: string }>(
        `SELECT id, name, folder FROM experiments WHERE ${runKinds[kind]}`,
      )
      .all();
  }

  forgetRemoved(): void {
    this.db.prepare('DELETE FROM experiments WHERE removed_at IS NOT NULL').run();
  }

  lastPlace(): number {
    const places = `SELECT coalesce(max(queue_place), 0) FROM experiments WHERE state = 'queued'`;
    return z.number().parse(this.db.prepare(places).pluck().get());
  }

  /** Gives the queued experiments their places in this order. */
  reorder(ids: readonly string[]): void {
    this.db.transaction(() => ids.forEach((id, i) => this.update(id, { queue_place: i + 1 })))();
  }

  private ids(where: string): string[] {
    return this.db.prepare<[], string>(`SELECT id FROM experiments WHERE ${where}`).pluck().all();
  }
}

const number = z.number().nullable().catch(null);
const settingsSchema = z.object({
  rank: number,
  targets: z
    .union([z.string(), z.array(z.string())])
    .nullable()
    .catch(null),
  learningRate: number,
  epochs: number,
  batchSize: number,
  maxLength: number,
});

function settingsOf(text: string): Experiment['settings'] {
  const { targets, ...numbers } = settingsSchema.parse(JSON.parse(text));
  return { ...numbers, targets: Array.isArray(targets) ? targets.join(', ') : targets };
}

function lineOf(row: unknown): Experiment {
  const { task, facts, metrics, fault: failure, tags, starred, archived, settings } = lineSchema.parse(row);
  const fields: object = {
    ...(row as object),
    ...factsSchema.parse(JSON.parse(facts)),
    task: task ?? taskKeys[0],
    metrics: metrics === null ? null : (JSON.parse(metrics) as unknown),
    fault: failure === null ? null : (JSON.parse(failure) as unknown),
    tags: JSON.parse(tags) as unknown,
    settings: settingsOf(settings),
    starred: starred === 1,
    archived: archived === 1,
  };
  return experimentSchema.parse(fields);
}
