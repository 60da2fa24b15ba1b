import type {
  ColumnRole,
  DataSource,
  InputOf,
  LabelCount,
  LabelMapping,
  LabelObservation,
  OutputOf,
  Preview,
} from '../../../shared/contract.ts';
import { classesOf, readLabelColumn } from '../../../shared/label-column.ts';
import { PreviewLook } from '../../managers/preview-look.ts';
import { Resource, type Rpc } from '../../kit.ts';
import { checkMapping, commonName, splitOfFile, withRole, type MappingCheck } from './mapping.ts';

export type HubInfo = OutputOf<'datasets/hub-info'>;
type LeftOut = NonNullable<InputOf<'datasets/import'>['emptyLabels']>;
export interface ChosenFile {
  path: string;
  name: string;
  /** Empty: not said. */
  split: string;
}

export interface LabelColumn {
  name: string;
  /** As they are in the file; none where there are too many to be classes. */
  values: LabelCount[];
  /** As they would be imported. */
  classes: LabelCount[];
  observations: LabelObservation[];
  proposed: LabelMapping;
}

const fileName = (path: string) => path.split(/[\\/]/).at(-1) ?? path;

/** How files are read; null: as found. */
interface Reading {
  delimiter: string | null;
  encoding: string | null;
  /** Whether the first line names the columns. */
  header: boolean | null;
}
const asFound: Reading = { delimiter: null, encoding: null, header: null };

/**
 * What is being imported: where from, how it is read, what each column is. Its value is the beginning of what was
 * chosen. Nothing is stored before `start`.
 */
export class ImportManager extends Resource<Preview> {
  readonly #look: PreviewLook;
  /** The data set that gets a new version; null: a new data set. */
  readonly datasetId: string | null;
  files = $state.raw<ChosenFile[]>([]);
  hub = $state.raw<HubInfo | null>(null);
  config = $state.raw('');
  splits = $state.raw<string[]>([]);
  reads = $state.raw(asFound);
  /** What becomes of rows whose label is empty, and of those with too few or too many fields. */
  emptyLabels = $state.raw<LeftOut>('refuse');
  raggedRows = $state.raw<LeftOut>('refuse');
  /** What stands between texts that are joined. */
  separator = $state.raw(' ');
  labelMap = $state.raw<LabelMapping>({});
  #typedName = $state.raw<string | null>(null);
  /** Roles that the person chose, by column: they outlive another look at the files. */
  #chosen = $state.raw<ReadonlyMap<string, ColumnRole>>(new Map());
  /** The hub data set that was asked about last. */
  #hubId: string | null = null;

  constructor(rpc: Rpc, datasetId: string | null = null) {
    super(rpc, () => this.#look.at(this.source!));
    this.#look = new PreviewLook(rpc);
    this.datasetId = datasetId;
  }

  /** Null where nothing is chosen or it cannot be read. */
  readonly preview = $derived.by(() => (this.fault ? null : this.value));
  readonly roles = $derived.by(() =>
    (this.preview?.columns ?? []).map(({ name, role }) => this.#chosen.get(name) ?? role),
  );

  /** The label column as it would be read: its values, what stands out, what would be made of it. Null: there is none. */
  readonly labels = $derived.by((): LabelColumn | null => {
    const column = this.preview?.columns[this.roles.indexOf('label')];
    if (!column) return null;
    const { values, reading, name } = column;
    const mapped = Object.keys(this.labelMap).length > 0;
    const classes = classesOf(values, this.labelMap);
    const observations = !mapped
      ? reading.observations
      : values.length > 0
        ? readLabelColumn(classes, name).observations
        : [];
    return { name, values, classes, observations, proposed: reading.proposed };
  });

  /** The class that a value becomes; null: rows with it are left out; the value itself: as it is. */
  mapLabel(value: string, name: string | null): void {
    const { [value]: _, ...others } = this.labelMap;
    const asItIs = name !== null && (name.trim() === '' || name === value);
    this.labelMap = asItIs ? others : { ...others, [value]: name };
  }

  /** Takes what was proposed, or takes every value as it is again. */
  useProposed(use: boolean): void {
    this.labelMap = use ? { ...this.labels?.proposed } : {};
  }

  get name(): string {
    const found = this.value && (commonName(this.files.map(({ name }) => name)) ?? this.value.name);
    return this.#typedName ?? found ?? '';
  }
  set name(name: string) {
    this.#typedName = name;
  }
  get started(): boolean {
    return this.files.length > 0 || this.hub !== null;
  }

  /** Why nothing can be imported yet, or the mapping that would be. */
  readonly check = $derived.by((): MappingCheck => {
    if (!this.preview) return { mapping: null, problem: 'Nothing is chosen yet.', cautions: [] };
    const check = checkMapping(this.preview.columns, this.roles, {
      labelMap: this.labelMap,
      separator: this.separator,
      observations: this.labels?.observations ?? [],
    });
    if (check.mapping && this.name.trim() === '')
      return { mapping: null, problem: 'The data set has no name.', cautions: check.cautions };
    return check;
  });

  get source(): DataSource | null {
    if (this.hub) {
      if (this.splits.length === 0) return null;
      return { kind: 'hub', hubId: this.hub.hubId, config: this.config, splits: this.splits };
    }
    if (this.files.length === 0) return null;
    const { delimiter, encoding, header } = this.reads;
    return {
      kind: 'files',
      files: this.files.map(({ path, split }) => ({ path, split: split.trim() || null })),
      ...(delimiter === null ? {} : { delimiter }),
      ...(encoding === null ? {} : { encoding }),
      ...(header === null ? {} : { header }),
    };
  }

  /** Adds files; with several, each gets the split that its name speaks of. */
  async addFiles(paths: readonly string[]): Promise<void> {
    const known = new Set(this.files.map(({ path }) => path));
    const added = paths.filter((path) => !known.has(path));
    this.hub = null;
    this.files = [...this.files, ...added.map((path) => ({ path, name: fileName(path), split: '' }))];
    if (this.files.length > 1) {
      this.files = this.files.map((file) => ({
        ...file,
        split: file.split || (splitOfFile(file.name) ?? file.name.replace(/\.[^.]*$/, '')),
      }));
    }
    await this.look();
  }

  async removeFile(path: string): Promise<void> {
    this.files = this.files.filter((file) => file.path !== path);
    if (this.files.length === 0) return this.startOver();
    await this.look();
  }

  /** The split's name for a file's rows; it changes nothing of what was found in the files. */
  nameSplit(path: string, split: string): void {
    this.files = this.files.map((file) => (file.path === path ? { ...file, split } : file));
  }

  /** Asks the hub what a data set has; the first config and all its splits are chosen. */
  async openHub(hubId: string): Promise<void> {
    this.#hubId = hubId;
    const info = await this.attempt(() => this.rpc.call('datasets/hub-info', { hubId: hubId.trim() }));
    if (!info || this.#hubId !== hubId) return;
    this.startOver();
    this.hub = info;
    await this.chooseConfig(info.configs[0]?.name ?? '');
  }

  async chooseConfig(name: string): Promise<void> {
    this.config = name;
    const config = this.hub?.configs.find((one) => one.name === name);
    this.splits = config?.splits.map((split) => split.name) ?? [];
    await this.look();
  }

  async chooseSplits(splits: string[]): Promise<void> {
    this.splits = splits;
    await this.look();
  }

  /** Another way to read the same files. */
  async readAs(change: Partial<Reading>): Promise<void> {
    this.reads = { ...this.reads, ...change };
    await this.look();
  }

  setRole(index: number, role: ColumnRole): void {
    const before = this.labels?.name;
    const roles = withRole(this.roles, index, role);
    const chosen = (this.preview?.columns ?? []).map(
      ({ name }, at) => [name, roles[at] ?? 'ignore'] as const,
    );
    this.#chosen = new Map([...this.#chosen, ...chosen]);
    // A map is of one column's values.
    if (this.labels?.name !== before) this.labelMap = {};
  }

  /** Looks at the beginning of what was chosen. */
  async look(): Promise<void> {
    this.#hubId = null;
    // What could not be read is not shown while another look is taken.
    if (!this.source || this.fault) this.clear();
    if (this.source) return this.replace();
    this.#look.stop();
  }

  /** Starts the import; the job's id. Rejects with a RefusedError. */
  async start(): Promise<string> {
    const { mapping } = this.check;
    const source = this.source;
    if (!mapping || !source) throw new Error('start() is offered only where check has a mapping');
    const { jobId } = await this.rpc.call('datasets/import', {
      source,
      mapping,
      name: this.name.trim(),
      emptyLabels: this.emptyLabels,
      raggedRows: this.raggedRows,
      ...(this.datasetId === null ? {} : { datasetId: this.datasetId }),
    });
    return jobId;
  }

  /** Back to nothing chosen; what is being looked at is given up. */
  startOver(): void {
    this.files = [];
    this.hub = null;
    this.reads = asFound;
    this.labelMap = {};
    this.emptyLabels = 'refuse';
    this.raggedRows = 'refuse';
    this.#chosen = new Map();
    void this.look();
  }
}
