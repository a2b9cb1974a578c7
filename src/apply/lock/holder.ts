import * as z from 'zod';

/** Which run holds, or wants, the lock of a cluster. */
const holderSchema = z.object({
  /** Identifies one acquisition. */
  token: z.string().regex(/^[0-9a-f]{32}$/),
  /** Identifies the kboot that runs: one process may take the lock several times. */
  run: z.string().regex(/^[0-9a-f]{16}$/),
  command: z.string().max(1000),
  user: z.string().max(200),
  /** The machine's name. */
  host: z.string().max(300),
  pid: z.number(),
  /** Identifies that process on its machine, to tell whether it is gone. */
  machine: z.string().max(100),
  started: z.string().max(100),
  /** By the clock of its machine. */
  since: z.string().max(40),
});
export type Holder = z.infer<typeof holderSchema>;

/** On one line, as hosts and the Lease keep it. */
export function encodeHolder(holder: Holder): string {
  return Buffer.from(JSON.stringify(holder)).toString('base64');
}

/** Undefined for anything else than what encodeHolder returns. */
export function decodeHolder(text: string): Holder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(Buffer.from(text, 'base64').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

/** `kboot up prod.yaml` (ops@laptop, process 4711, since 2026-11-20T10:00:00Z) */
export function holderText(holder: Holder | undefined): string {
  if (holder === undefined) return 'a run that does not say who it is';
  const { command, user, host, pid, since } = holder;
  return `\`${command}\` (${user}@${host}, process ${pid}, since ${since.replace(/\.\d+Z$/, 'Z')})`;
}
