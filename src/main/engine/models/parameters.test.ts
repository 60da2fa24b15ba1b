import { expect, it, vi } from 'vitest';
import { Graph } from '../graph/graph.ts';
import { reachable } from '../graph/saved-model.ts';
import { loadParameters, Session } from '../graph/session.ts';
import { Parameters } from './parameters.ts';

/** A graph that gives its one parameter back. */
async function opened() {
  const graph = new Graph();
  const specs = [{ name: 'weight', shape: [2] }];
  const parameters = new Parameters(graph, specs, new Set());
  graph.signature('read', {}, { value: parameters.value('weight', 'float32', 3) });
  const loading = parameters.addLoading(reachable(graph));
  return { session: await Session.open(graph), loading };
}

it('parameters are loaded into a graph', async () => {
  const { session, loading } = await opened();
  await loadParameters(session, loading, () => Promise.resolve(Float32Array.of(1, 2)));
  expect(session.run('read', {})['value']).toEqual(Float32Array.of(3, 6));
  session.close();
});

it('a parameter that cannot be read leaves no model in memory', async () => {
  const { session, loading } = await opened();
  const close = vi.spyOn(session, 'close');
  const gone = new Error('The disk is gone.');
  await expect(loadParameters(session, loading, () => Promise.reject(gone))).rejects.toBe(gone);
  expect(close).toHaveBeenCalledOnce();
});
