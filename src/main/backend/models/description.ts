import { z } from 'zod';
import { faultSchema } from '../../../shared/contract/message.ts';
import { treeNodeSchema } from '../../../shared/contract/models.ts';
import { modelFactsSchema } from '../../storage/models.ts';

/** What a folder with a model holds. */
export const descriptionSchema = z.object({
  facts: modelFactsSchema,
  /** Of all files that are used. */
  bytes: z.number(),
  tree: z.array(treeNodeSchema),
  licenceText: z.string().nullable(),
  /** What is to be said of the tokenizer's files. */
  tokenizerNotes: z.array(faultSchema),
});
export type Description = z.infer<typeof descriptionSchema>;
