/** Every request, reply and event that crosses a process border, by its `area/verb` name (DESIGN §2). */
import type { z } from 'zod';
import { adapterEvents, adapterMethods } from './contract/adapters.ts';
import { compareMethods } from './contract/compare.ts';
import { datasetEvents, datasetMethods } from './contract/datasets.ts';
import { experimentEvents, experimentMethods } from './contract/experiments.ts';
import { exportEvents, exportMethods } from './contract/exports.ts';
import { jobEvents, jobMethods } from './contract/jobs.ts';
import { modelEvents, modelMethods } from './contract/models.ts';
import { playgroundMethods } from './contract/playground.ts';
import { scriptMethods } from './contract/scripts.ts';
import { systemEvents, systemMethods } from './contract/system.ts';

export * from './contract/adapters.ts';
export * from './contract/compare.ts';
export * from './contract/datasets.ts';
export * from './contract/experiments.ts';
export * from './contract/exports.ts';
export * from './contract/jobs.ts';
export * from './contract/message.ts';
export * from './contract/models.ts';
export * from './contract/playground.ts';
export * from './contract/scripts.ts';
export * from './contract/system.ts';

export const methods = {
  ...adapterMethods,
  ...compareMethods,
  ...datasetMethods,
  ...experimentMethods,
  ...exportMethods,
  ...jobMethods,
  ...modelMethods,
  ...playgroundMethods,
  ...scriptMethods,
  ...systemMethods,
};
export const events = {
  ...adapterEvents,
  ...datasetEvents,
  ...experimentEvents,
  ...exportEvents,
  ...jobEvents,
  ...modelEvents,
  ...systemEvents,
};

export type Methods = typeof methods;
export type MethodName = keyof Methods;
/** What a caller sends (defaults may be left out), what a handler gets, what a handler gives back. */
export type InputOf<Name extends MethodName> = z.input<Methods[Name]['input']>;
export type ParsedInputOf<Name extends MethodName> = z.output<Methods[Name]['input']>;
export type OutputOf<Name extends MethodName> = z.output<Methods[Name]['output']>;

export type EventName = keyof typeof events;
export type EventOf<Name extends EventName> = z.output<(typeof events)[Name]>;

/** What a handler may give back: of a method that gives nothing, whatever its work does. */
type Answer<Output> = Output extends Record<string, never> ? unknown : Promise<Output> | Output;

/** Handlers of some methods: an area of the backend. */
export type Handlers<Name extends MethodName = MethodName> = {
  [Key in Name]: (input: ParsedInputOf<Key>) => Answer<OutputOf<Key>>;
};

/** The handlers that are given, each typed by its name. */
export const answering = <Name extends MethodName>(handlers: Handlers<Name>): Handlers<Name> => handlers;
