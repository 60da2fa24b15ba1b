import { cpus, hostname } from 'node:os';
import { z } from 'zod';
import type { Handlers } from '../../../shared/contract.ts';
import { examine, type DoctorReport } from '../../engine/runtime/doctor.ts';
import { fasterPrecision, type Speeds } from '../../engine/runtime/report.ts';
import type { Db } from '../../storage/database.ts';
import { readSetting, writeSetting } from '../../storage/settings.ts';
import type { BackendContext } from '../context.ts';

const speedsSchema = z.object({
  onGpu: z.boolean(),
  float32: z.number(),
  bfloat16: z.number().nullable(),
});
const knownSchema = z.object({ machine: z.string(), speeds: speedsSchema });

/** How fast this machine multiplies, as it was last measured; null: not yet. */
export function knownSpeeds(db: Db): Speeds | null {
  const known = knownSchema.safeParse(readSetting(db, 'device'));
  return known.success && known.data.machine === machineName() ? known.data.speeds : null;
}

/** What this machine has. `examine` runs TensorFlow in a process of its own for a second. */
export class Doctor {
  private readonly db: Db;
  private running: Promise<DoctorReport> | undefined;

  constructor({ db }: BackendContext) {
    this.db = db;
  }

  /** The device that TensorFlow really uses, as it was last measured on this machine; null: not yet. */
  get device(): string | null {
    const speeds = knownSpeeds(this.db);
    return speeds && deviceText(speeds);
  }

  /** One examination at a time, whoever asks. */
  examine(): Promise<DoctorReport> {
    this.running ??= examine()
      .then((report) => {
        const { speeds } = report;
        if (speeds)
          writeSetting(this.db, 'device', { machine: machineName(), speeds: speedsSchema.parse(speeds) });
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
function deviceText(speeds: Speeds): string {
  const device = speeds.onGpu ? ['GPU'] : ['CPU', `${cpus().length} cores`];
  // bf16 is worth naming only where it is faster than fp32.
  return [...device, ...(fasterPrecision(speeds).precision === 'bf16' ? ['bf16'] : [])].join(' · ');
}

function machineName(): string {
  return `${hostname()} ${cpus()[0]?.model ?? ''}`;
}
