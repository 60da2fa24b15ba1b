/** An object of which only what is there may be used: anything else is said loudly, never answered by undefined. */
export function strict<T extends object>(name: string, part: T): T {
  return new Proxy(part, {
    get(target, key, receiver) {
      if (!(key in target) && typeof key === 'string' && key !== 'then' && key !== 'toJSON') {
        throw new Error(`The Electron stand-in has no ${name}.${key}.`);
      }
      const value: unknown = Reflect.get(target, key, receiver);
      return value;
    },
  });
}
