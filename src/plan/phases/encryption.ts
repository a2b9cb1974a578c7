import type { EncryptionWork } from '../encryption/work.ts';
import type { Batch, Dependency, Phase } from '../types.ts';
import { after, phase, together } from './build.ts';

/**
 * A change of what API servers encrypt with, in order: all of them can read the new key; all of them write with it; what
 * etcd holds is rewritten, and etcd is asked whether all of it is; the former keys leave. Each phase starts only if the one
 * before succeeded everywhere: at no moment does an API server meet a value that it cannot read.
 */
export function encryptionPhases(work: EncryptionWork, needs: readonly Dependency[]): readonly Phase[] {
  const phases: Phase[] = [];
  const then = (id: string, title: string, batches: readonly Batch[]): void => {
    const last = phases.at(-1);
    const next = phase(id, 'control-plane', title, last === undefined ? needs : after('all', last), batches);
    if (next !== undefined) phases.push(next);
  };
  then('encryption-read', 'encryption: every API server can read', work.read);
  then('encryption-write', 'encryption: every API server writes', work.write);
  then('encryption-rewrite', 'encryption: what is stored', [
    together('cluster', work.rewrite, work.rewritten),
  ]);
  then('encryption-drop', 'encryption: former keys leave', work.drop);
  return phases;
}
