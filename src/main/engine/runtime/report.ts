/** One thing that Graft needs or uses. `missing` means that Graft cannot work without it. */
export interface DoctorPart {
  name: string;
  status: 'ok' | 'warning' | 'missing';
  version: string | null;
  detail: string;
  remedy?: string;
}

export interface DoctorReport {
  parts: DoctorPart[];
}
