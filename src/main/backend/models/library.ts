import { randomUUID } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Model } from '../../../shared/contract/models.ts';
import { fault } from '../../../shared/faults/index.ts';
import { readFault } from '../../engine/formats/file-faults.ts';
import { ModelStore, type StoredModel } from '../../storage/models.ts';
import type { BackendContext } from '../context.ts';
import type { Description } from './describe.ts';
import { lookAt } from './presence.ts';
import { openReader } from './reader.ts';
import { hashWeights, type WeightFile } from './weights.ts';

/** What is known of a model beyond its folder. */
export interface Origin {
  name: string;
  source: Model['source'];
  hubId: string | null;
  /** The commit. */
  revision: string | null;
  /** Used where the folder itself names none. */
  licence: string | null;
  /** Of the weights, where they were just checked. */
  sha256: string | null;
}

type Stored = StoredModel & { experiments: number };

const libraries = new WeakMap<BackendContext, ModelLibrary>();

/** The models of a backend: one library, whoever asks. */
export function modelLibrary(context: BackendContext): ModelLibrary {
  const library = libraries.get(context) ?? new ModelLibrary(context);
  libraries.set(context, library);
  return library;
}

/** The models of a workspace, with what their folders hold now. */
export class ModelLibrary {
  readonly reader = openReader();
  readonly store: ModelStore;
  private readonly context: BackendContext;
  /** Models whose weights are being hashed. */
  private readonly hashing = new Set<string>();
  /** One at a time: a disk reads one file faster than ten. */
  private lastHash: Promise<unknown> = Promise.resolve();

  constructor(context: BackendContext) {
    this.context = context;
    this.store = new ModelStore(context.db);
    context.onClose(() => this.reader.close());
  }

  async list(): Promise<Model[]> {
    return Promise.all(this.store.list().map((stored) => this.present(stored)));
  }

  /** Throws `store/unknown`. */
  stored(id: string): Stored {
    const stored = this.store.read(id);
    if (stored === null || this.store.isRemoved(id)) throw fault('store/unknown', { kind: 'model', id });
    return stored;
  }

  /** A model whose folder is there. Throws `store/unknown` or `models/missing`. */
  async usable(id: string): Promise<Stored> {
    const stored = this.stored(id);
    const { problem } = await lookAt(stored.folder, stored.facts.weights);
    if (problem !== null) throw fault('models/missing', { name: stored.name, folder: stored.folder });
    return stored;
  }

  /** The model as windows see it; a hash that is missing or in doubt is made in the background. */
  async present(stored: Stored): Promise<Model> {
    const { facts, hubId, revision, experiments, folder, id, name, source, sha256, bytes, addedAt } = stored;
    const { now, problem: gone } = await lookAt(folder, facts.weights);
    const isSame = isDeepStrictEqual(now, facts.weights);
    const isChanged = now !== null && !isSame && isDeepStrictEqual(now, facts.changedTo);
    if (now !== null && !isChanged && (!isSame || sha256 === null)) this.hashLater(stored, now);
    const problem = gone ?? (isChanged ? changedText(stored) : null);
    const { weights: _, changedTo: __, ...shown } = facts;
    return {
      ...{ id, name, source, hubId, revision, folder, sha256, bytes, addedAt, experiments },
      ...shown,
      supported: facts.unsupported === null,
      present: problem === null,
      problem,
    };
  }

  /**
   * Adds what a folder holds, once: the same weights in the same place are the same model. Throws `files/…`,
   * `formats/…`, `models/…` where it holds no sound checkpoint.
   */
  async add(given: string, origin: Partial<Origin>): Promise<Model> {
    const folder = await realpath(path.resolve(given)).catch((error: unknown) => {
      throw readFault(given, error);
    });
    const description = await this.reader.ask('describe', { folder });
    const known = await this.known(folder, description);
    const id = known?.id ?? this.insert(folder, description, origin);
    if (known) this.store.setRemoved(id, null);
    this.context.emit('models/changed', { id });
    return this.present(this.stored(id));
  }

  /** The model with these weights in this folder, removed or not. */
  private async known(folder: string, { facts }: Description): Promise<Stored | undefined> {
    const candidates = this.store.inFolder(folder);
    const same = candidates.find((candidate) => isDeepStrictEqual(candidate.facts.weights, facts.weights));
    const hashes = new Set(candidates.map(({ sha256 }) => sha256));
    if (same !== undefined || hashes.size === 0) return same;
    const sha256 = await hashWeights(folder, facts.weights);
    return candidates.find((candidate) => candidate.sha256 === sha256);
  }

  private insert(folder: string, { facts, bytes }: Description, origin: Partial<Origin>): string {
    const id = randomUUID();
    this.store.insert({
      id,
      name: origin.name ?? path.basename(folder),
      source: origin.source ?? 'folder',
      hubId: origin.hubId ?? null,
      revision: origin.revision ?? null,
      folder,
      facts: { ...facts, licence: facts.licence ?? origin.licence ?? null },
      sha256: origin.sha256 ?? null,
      bytes,
      addedAt: Date.now(),
    });
    return id;
  }

  /** Hashes the weights as a job that goes by itself, and keeps what it finds. What fails once is left alone. */
  private hashLater({ id, name, folder, facts, sha256: before }: Stored, weights: WeightFile[]): void {
    if (this.hashing.has(id)) return;
    this.hashing.add(id);
    const total = weights.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
    const { jobs } = this.context;
    const job = jobs.start({
      kind: 'hash',
      title: `Checking the weights of ${name}`,
      work: async (control) => {
        const { signal } = control;
        const onBytes = (done: number) =>
          control.progress({ phase: 'Checking', done: done / 1e6, total, unit: 'MB' });
        const hash = this.lastHash.then(() => hashWeights(folder, weights, { signal, onBytes }));
        this.lastHash = hash.catch(() => undefined);
        const sha256 = await hash;
        const isChanged = before !== null && before !== sha256;
        // Of changed weights the facts stay as they were: experiments refer to those.
        const found = isChanged ? { changedTo: weights } : { weights, changedTo: null };
        this.store.setFacts(id, { ...facts, ...found }, before ?? sha256);
        return id;
      },
    });
    void jobs.finished(job.id).then(({ state }) => {
      if (state !== 'done') return;
      this.hashing.delete(id);
      void jobs.handlers['jobs/dismiss']({ id: job.id });
      this.context.emit('models/changed', { id });
    });
  }
}

function changedText({ name, folder }: StoredModel): string {
  return `The weights in ${folder} are not those that ${name} was added with. Put the former ones back, or add the folder again as a new model.`;
}
