/** Keeps the values that were asked for last, by their keys; a promise that is rejected is made anew. */
export class Recent<Value> {
  private readonly values = new Map<string, Value>();
  private readonly most: number;
  private readonly dropped: (value: Value) => void;

  /** `dropped`: called with a value that is no longer kept. */
  constructor(most: number, dropped: (value: Value) => void = () => undefined) {
    this.most = most;
    this.dropped = dropped;
  }

  get(key: string, make: () => Value): Value {
    const known = this.values.has(key);
    const value = known ? this.values.get(key)! : make();
    this.values.delete(key);
    this.values.set(key, value);
    if (!known && value instanceof Promise) value.catch(() => this.drop(key));
    if (this.values.size > this.most) this.drop([...this.values.keys()][0]!);
    return value;
  }

  drop(key: string): void {
    if (this.values.has(key)) this.dropped(this.values.get(key)!);
    this.values.delete(key);
  }
}
