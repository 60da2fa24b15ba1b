import type { InputOf, OutputOf } from '../../../shared/contract.ts';
import type {
  ColumnRole,
  DataSource,
  LabelCount,
  LabelMapping,
  LabelObservation,
  Preview,
} from '../../../shared/contract/datasets.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { classesOf, readLabelColumn } from '../../../shared/label-column.ts';
import { faultOf, type RpcClient } from '../../../shared/rpc-client.ts';
import { PreviewLook } from '../../managers/preview-look.ts';
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

/** What is being imported: where from, how it is read, what each column is. Nothing is stored before `start`. */
export class ImportManager {
  readonly #rpc: Pick<RpcClient, 'call'>;
  readonly #look: PreviewLook;
  /** The data set that gets a new version; null: a new data set. */
  readonly datasetId: string | null;
  #files = $state.raw<ChosenFile[]>([]);
  #hub = $state.raw<HubInfo | null>(null);
  #config = $state.raw('');
  #splits = $state.raw<string[]>([]);
  #delimiter = $state.raw<string | null>(null);
  #encoding = $state.raw<string | null>(null);
  #header = $state.raw<boolean | null>(null);
  #emptyLabels = $state.raw<LeftOut>('refuse');
  #raggedRows = $state.raw<LeftOut>('refuse');
  #labelMap = $state.raw<LabelMapping>({});
  #separator = $state.raw(' ');
  #preview = $state.raw<Preview | null>(null);
  #roles = $state.raw<ColumnRole[]>([]);
  #fault = $state.raw<FaultValue | null>(null);
  #looking = $state.raw(false);
  #name = $state.raw('');
  #nameTyped = false;
  /** Roles that the person chose, by column: they outlive another look at the files. */
  #chosen = new Map<string, ColumnRole>();
  #turn = 0;

  constructor(rpc: Pick<RpcClient, 'call'>, datasetId: string | null = null) {
    this.#rpc = rpc;
    this.#look = new PreviewLook(rpc);
    this.datasetId = datasetId;
  }

  get files(): ChosenFile[] {
    return this.#files;
  }
  get hub(): HubInfo | null {
    return this.#hub;
  }
  get config(): string {
    return this.#config;
  }
  get splits(): string[] {
    return this.#splits;
  }
  get delimiter(): string | null {
    return this.#delimiter;
  }
  get encoding(): string | null {
    return this.#encoding;
  }
  /** Whether the first line names the columns; null: as found. */
  get header(): boolean | null {
    return this.#header;
  }
  /** What becomes of rows whose label is empty. */
  get emptyLabels(): LeftOut {
    return this.#emptyLabels;
  }
  set emptyLabels(choice: LeftOut) {
    this.#emptyLabels = choice;
  }
  /** What becomes of rows with too few or too many fields. */
  get raggedRows(): LeftOut {
    return this.#raggedRows;
  }
  set raggedRows(choice: LeftOut) {
    this.#raggedRows = choice;
  }
  /** What stands between texts that are joined. */
  get separator(): string {
    return this.#separator;
  }
  set separator(separator: string) {
    this.#separator = separator;
  }
  get labelMap(): LabelMapping {
    return this.#labelMap;
  }

  /** The label column as it would be read: its values, what stands out, what would be made of it. Null: there is none. */
  readonly labels = $derived.by((): LabelColumn | null => {
    const column = this.#preview?.columns[this.#roles.indexOf('label')];
    if (!column) return null;
    const { values, reading, name } = column;
    const mapped = Object.keys(this.#labelMap).length > 0;
    const classes = classesOf(values, this.#labelMap);
    const observations = !mapped
      ? reading.observations
      : values.length > 0
        ? readLabelColumn(classes, name).observations
        : [];
    return { name, values, classes, observations, proposed: reading.proposed };
  });

  /** The class that a value becomes; null: rows with it are left out; the value itself: as it is. */
  mapLabel(value: string, name: string | null): void {
    const { [value]: _, ...others } = this.#labelMap;
    const asItIs = name !== null && (name.trim() === '' || name === value);
    this.#labelMap = asItIs ? others : { ...others, [value]: name };
  }

  /** Takes what was proposed, or takes every value as it is again. */
  useProposed(use: boolean): void {
    this.#labelMap = use ? { ...this.labels?.proposed } : {};
  }
  get preview(): Preview | null {
    return this.#preview;
  }
  get roles(): ColumnRole[] {
    return this.#roles;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  /** The files are being looked at. */
  get looking(): boolean {
    return this.#looking;
  }
  get name(): string {
    return this.#name;
  }
  set name(name: string) {
    this.#name = name;
    this.#nameTyped = true;
  }
  get started(): boolean {
    return this.#files.length > 0 || this.#hub !== null;
  }

  /** Why nothing can be imported yet, or the mapping that would be. */
  readonly check = $derived.by((): MappingCheck => {
    if (!this.#preview) return { mapping: null, problem: 'Nothing is chosen yet.', cautions: [] };
    const check = checkMapping(this.#preview.columns, this.#roles, {
      labelMap: this.#labelMap,
      separator: this.#separator,
      observations: this.labels?.observations ?? [],
    });
    if (check.mapping && this.#name.trim() === '')
      return { mapping: null, problem: 'The data set has no name.', cautions: check.cautions };
    return check;
  });

  get source(): DataSource | null {
    if (this.#hub) {
      if (this.#splits.length === 0) return null;
      return { kind: 'hub', hubId: this.#hub.hubId, config: this.#config, splits: this.#splits };
    }
    if (this.#files.length === 0) return null;
    return {
      kind: 'files',
      files: this.#files.map(({ path, split }) => ({ path, split: split.trim() || null })),
      ...(this.#delimiter === null ? {} : { delimiter: this.#delimiter }),
      ...(this.#encoding === null ? {} : { encoding: this.#encoding }),
      ...(this.#header === null ? {} : { header: this.#header }),
    };
  }

  /** Adds files; with several, each gets the split that its name speaks of. */
  async addFiles(paths: readonly string[]): Promise<void> {
    const known = new Set(this.#files.map(({ path }) => path));
    const added = paths.filter((path) => !known.has(path));
    this.#hub = null;
    this.#files = [...this.#files, ...added.map((path) => ({ path, name: fileName(path), split: '' }))];
    if (this.#files.length > 1) {
      this.#files = this.#files.map((file) => ({
        ...file,
        split: file.split || (splitOfFile(file.name) ?? file.name.replace(/\.[^.]*$/, '')),
      }));
    }
    await this.look();
  }

  async removeFile(path: string): Promise<void> {
    this.#files = this.#files.filter((file) => file.path !== path);
    if (this.#files.length === 0) return this.clear();
    await this.look();
  }

  /** The split's name for a file's rows; it changes nothing of what was found in the files. */
  nameSplit(path: string, split: string): void {
    this.#files = this.#files.map((file) => (file.path === path ? { ...file, split } : file));
  }

  /** Asks the hub what a data set has; the first config and all its splits are chosen. */
  async openHub(hubId: string): Promise<void> {
    const turn = ++this.#turn;
    this.#looking = true;
    this.#fault = null;
    try {
      const info = await this.#rpc.call('datasets/hub-info', { hubId: hubId.trim() });
      if (turn !== this.#turn) return;
      this.clear();
      this.#hub = info;
      await this.chooseConfig(info.configs[0]?.name ?? '');
    } catch (error) {
      if (turn === this.#turn) this.#refused(error);
    } finally {
      if (turn === this.#turn) this.#looking = false;
    }
  }

  async chooseConfig(name: string): Promise<void> {
    this.#config = name;
    const config = this.#hub?.configs.find((one) => one.name === name);
    this.#splits = config?.splits.map((split) => split.name) ?? [];
    await this.look();
  }

  async chooseSplits(splits: string[]): Promise<void> {
    this.#splits = splits;
    await this.look();
  }

  /** Another way to read the same files; null: as found. */
  async readAs(change: {
    delimiter?: string | null;
    encoding?: string | null;
    header?: boolean | null;
  }): Promise<void> {
    if (change.delimiter !== undefined) this.#delimiter = change.delimiter;
    if (change.encoding !== undefined) this.#encoding = change.encoding;
    if (change.header !== undefined) this.#header = change.header;
    await this.look();
  }

  setRole(place: number, role: ColumnRole): void {
    const before = this.labels?.name;
    this.#roles = withRole(this.#roles, place, role);
    // A map is of one column's values.
    if (this.labels?.name !== before) this.#labelMap = {};
    this.#preview?.columns.forEach(({ name }, at) => this.#chosen.set(name, this.#roles[at] ?? 'ignore'));
  }

  /** Looks at the beginning of what was chosen; an answer to an older choice is dropped. */
  async look(): Promise<void> {
    const turn = ++this.#turn;
    const source = this.source;
    this.#fault = null;
    this.#looking = source !== null;
    if (!source) {
      this.#look.stop();
      this.#preview = null;
      return;
    }
    try {
      const preview = await this.#look.at(source);
      if (turn !== this.#turn) return;
      this.#preview = preview;
      this.#roles = preview.columns.map(({ name, role }) => this.#chosen.get(name) ?? role);
      if (!this.#nameTyped) this.#name = commonName(this.#files.map(({ name }) => name)) ?? preview.name;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#preview = null;
      this.#refused(error);
    } finally {
      if (turn === this.#turn) this.#looking = false;
    }
  }

  /** Starts the import; the job's id. Rejects with a RefusedError. */
  async start(): Promise<string> {
    const { mapping } = this.check;
    const source = this.source;
    if (!mapping || !source) throw new Error('start() is offered only where check has a mapping');
    const { jobId } = await this.#rpc.call('datasets/import', {
      source,
      mapping,
      name: this.#name.trim(),
      emptyLabels: this.#emptyLabels,
      raggedRows: this.#raggedRows,
      ...(this.datasetId === null ? {} : { datasetId: this.datasetId }),
    });
    return jobId;
  }

  /** Back to nothing chosen; what is being looked at is given up. */
  clear(): void {
    this.#look.stop();
    this.#turn++;
    this.#looking = false;
    this.#files = [];
    this.#hub = null;
    this.#preview = null;
    this.#fault = null;
    this.#delimiter = null;
    this.#encoding = null;
    this.#header = null;
    this.#labelMap = {};
    this.#emptyLabels = 'refuse';
    this.#raggedRows = 'refuse';
    this.#chosen.clear();
    if (!this.#nameTyped) this.#name = '';
  }

  #refused(error: unknown): void {
    this.#fault = faultOf(error);
  }
}
