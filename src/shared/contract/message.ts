import { z } from 'zod';
import { controlCharacter } from '../quoting.ts';

/** A request that the renderer or the command line may send: what goes in and what comes back, both checked. */
export interface Method<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  input: Input;
  output: Output;
}

/** A schema, or the fields of one. */
type Given = z.ZodType | z.ZodRawShape;
type SchemaOf<Part extends Given> = Part extends z.ZodType ? Part : z.ZodObject<Extract<Part, z.ZodRawShape>>;

export function method<Input extends Given, Output extends Given>(
  input: Input,
  output: Output,
): Method<SchemaOf<Input>, SchemaOf<Output>> {
  const schema = <Part extends Given>(part: Part) =>
    (part instanceof z.ZodType ? part : z.object(part)) as SchemaOf<Part>;
  return { input: schema(input), output: schema(output) };
}

/** For methods that take or return nothing. */
export const nothing = z.object({});

/** For methods that start a job. */
export const job = z.object({ jobId: z.string().min(1).max(64) });

/** A failure as a value: what `Fault.toJSON` gives. */
export const faultSchema = z.object({ code: z.string(), message: z.string(), remedy: z.string() });
export type FaultValue = z.infer<typeof faultSchema>;

/** What goes over a transport, in either direction. `input`, `output` and `data` are checked against the contract. */
export const requestSchema = z.object({ id: z.number().int(), method: z.string(), input: z.unknown() });
export const replySchema = z.union([
  z.object({ id: z.number().int(), output: z.unknown() }),
  z.object({ id: z.number().int(), fault: faultSchema }),
]);
export const eventSchema = z.object({ event: z.string(), data: z.unknown() });
export type Reply = z.infer<typeof replySchema>;
export type EventMessage = z.infer<typeof eventSchema>;

export const id = z.string().min(1).max(64);
/** Refuses what would be read as more than a name by the programs that a name is written for. */
function plainText(text: string, context: z.RefinementCtx): void {
  const character = controlCharacter(text);
  if (character !== null) context.addIssue(`It holds the control character ${character}`);
}

/** What a person calls something. */
export const givenName = z.string().trim().min(1).max(200).superRefine(plainText);
/** The same, or nothing: then a name is made. */
export const givenNameOrNone = z.string().max(200).superRefine(plainText).default('');
/** The name of a window, for what each has of its own. */
export const windowName = z.string().max(64).default('');
/** Milliseconds since 1970. */
export const time = z.number();
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const count = z.number().int().nonnegative();
/** How many rows there are of something by its name. */
export const namedRows = z.object({ name: z.string(), rows: count });
/** A page of a longer list: `total` says how many there are in all. */
export const page = <Item extends z.ZodType>(item: Item) => z.object({ total: count, items: z.array(item) });
export const range = { offset: count.default(0), limit: z.number().int().min(1).max(500).default(100) };
