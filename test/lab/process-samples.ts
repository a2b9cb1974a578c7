import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** Visible data of processes of this machine and of its lab hosts during sampling. */
export interface ProcessSamples {
  readonly count: number;
  /** Every command line seen; of lab hosts' processes the environment, too. */
  text(): string;
  stop(): void;
}

/** Reads all processes every 20 ms: lab hosts share this machine's kernel, so theirs are among them. */
export function sampleProcesses(): ProcessSamples {
  const own = readlinkSync('/proc/self/ns/pid');
  const seen = new Set<string>();
  let count = 0;
  const timer = setInterval(() => {
    count++;
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
        if (readlinkSync(`/proc/${pid}/ns/pid`) !== own)
          seen.add(readFileSync(`/proc/${pid}/environ`, 'utf8'));
      } catch {
        // It has exited.
      }
    }
  }, 20);
  return {
    get count() {
      return count;
    },
    text: () => [...seen].join('\n').replaceAll('\0', ' '),
    stop: () => {
      clearInterval(timer);
    },
  };
}
