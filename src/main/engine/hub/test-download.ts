/* A program of its own for tests that kill it: fetches the model that argv names and tells the bytes that are there. */
import { resolveModel } from './resolve-model.ts';

const [, , model = ''] = process.argv;
const folder = await resolveModel(model, {
  retryWaits: [],
  onProgress: ({ done }) => void process.send?.({ done }),
});
process.send?.({ folder });
