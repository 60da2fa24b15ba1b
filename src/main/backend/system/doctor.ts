import { cpus, hostname } from 'node:os';
import { z } from 'zod';
import type { Handlers } from '../../../shared/contract.ts';
import { examine, type DoctorReport } from '../../engine/runtime/doctor.ts';
import type { Db } from '../../storage/database.ts';
import { readSetting, writeSetting } from '../../storage/settings.ts';
import type { BackendContext } from '../context.ts';

const knownSchema = z.object({ machine: z.string(), device: z.string() });

/** What this machine has. `examine` runs TensorFlow in a process of its own for a second. */
export class Doctor {
  private readonly db: Db;
  private running: Promise<DoctorReport> | undefined;

  constructor({ db }: BackendContext) {
    this.db = db;
  }

  /** The device that TensorFlow really uses, as it was last measured on this machine; null: not yet. */
  get device(): string | null {
    const known = knownSchema.safeParse(readSetting(this.db, 'device'));
    return known.success && known.data.machine === machineName() ? known.data.device : null;
  }

  /** One examination at a time, whoever asks. */
  examine(): Promise<DoctorReport> {
    this.running ??= examine()
      .then((report) => {
        const device = deviceText(report);
        if (device !== null) writeSetting(this.db, 'device', { machine: machineName(), device });
        return report;
      })
      .finally(() => (this.running = undefined));
    return this.running;
  }

  readonly handlers: Handlers<'system/doctor'> = {
    'system/doctor': async () => {
      const { parts } = await this.examine();
      const states = { ok: 'good', warning: 'warning', missing: 'bad' } as const;
      return {
        checkedAt: Date.now(),
        parts: parts.map(({ name, status, version, detail, remedy = null }) => ({
          name,
          state: states[status],
          version,
          detail,
          remedy,
        })),
      };
    },
  };
}

/** "CPU · 2 cores · bf16" */
function deviceText({ parts }: DoctorReport): string | null {
  const device = parts.find(({ name }) => name === 'Device');
  if (!device || device.version === null) return null;
  const cores = device.version === 'CPU' ? [`${cpus().length} cores`] : [];
  const fast = /bf16 (\d+) GFLOP/.exec(device.detail);
  const plain = /fp32 (\d+) GFLOP/.exec(device.detail);
  // bf16 is worth naming only where it is faster than fp32.
  const bf16 = fast && plain && Number(fast[1]) > 1.2 * Number(plain[1]) ? ['bf16'] : [];
  return [device.version, ...cores, ...bf16].join(' · ');
}

function machineName(): string {
  return `${hostname()} ${cpus()[0]?.model ?? ''}`;
}
