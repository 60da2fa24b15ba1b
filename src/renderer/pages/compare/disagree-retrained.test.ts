import { describe, expect, it } from 'vitest';
import { fakeBackend } from '../../fake-backend.ts';
import { experiment } from '../../test-support.ts';
import { followRetrained } from './disagree-retrained.ts';

function follow() {
  const { rpc, emit } = fakeBackend({});
  const went: string[] = [];
  const told: string[] = [];
  const place = {
    path: '/compare/disagreements',
    go(path: string, options: { query?: Readonly<Record<string, string>> } = {}) {
      place.path = path;
      went.push(path, ...(options.query ? [JSON.stringify(options.query)] : []));
    },
  };
  const retrained = experiment({ id: 'new', name: 'spam, corrected', state: 'queued' });
  followRetrained(rpc, place, { before: { id: 'old', name: 'spam' }, retrained }, (text) => told.push(text));
  return { emit, went, told, place };
}

describe('a retrained experiment', () => {
  it('is looked at while it runs, and compared once it has finished', () => {
    const { emit, went } = follow();
    expect(went).toEqual(['/experiments/new']);
    emit('experiments/changed', experiment({ id: 'new', state: 'running' }));
    emit('experiments/changed', experiment({ id: 'another', state: 'finished' }));
    expect(went).toHaveLength(1);
    emit('experiments/changed', experiment({ id: 'new', state: 'finished' }));
    emit('experiments/changed', experiment({ id: 'new', state: 'finished' }));
    expect(went.slice(1)).toEqual(['/compare', '{"ids":"old,new","baseline":"old"}']);
  });

  it('takes nobody away from another page, and says that it is there', () => {
    const { emit, went, told, place } = follow();
    place.path = '/data';
    emit('experiments/changed', experiment({ id: 'new', name: 'spam, corrected', state: 'finished' }));
    expect(went).toHaveLength(1);
    expect(told[0]).toContain('spam, corrected is retrained');
  });

  it('that is removed before its end is followed no more', () => {
    const { emit, went, told } = follow();
    emit('experiments/removed', { ids: ['new'] });
    emit('experiments/changed', experiment({ id: 'new', state: 'finished' }));
    expect([went.length, told.length]).toEqual([1, 0]);
  });

  it('that fails is left as it is', () => {
    const { emit, went, told } = follow();
    emit('experiments/changed', experiment({ id: 'new', state: 'failed' }));
    emit('experiments/changed', experiment({ id: 'new', state: 'finished' }));
    expect([went.length, told.length]).toEqual([1, 0]);
  });
});
