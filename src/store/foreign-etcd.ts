import { readFileSync } from 'node:fs';
import type { ForeignEtcd } from '../model/cluster.ts';
import { foreignEtcdProblems, type ForeignEtcdPems, type ForeignEtcdProblem } from '../pki/foreign-etcd.ts';
import { systemCode } from './file-error.ts';

export interface ReadForeignEtcd {
  /** Absent when any problem is an error. */
  readonly pems?: ForeignEtcdPems;
  readonly problems: readonly ForeignEtcdProblem[];
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a folder',
  EACCES: 'may not be read by you',
};

/** Reads the three files from the operator's disk and judges them. Never throws. */
export function readForeignEtcd(external: ForeignEtcd, now: Date): ReadForeignEtcd {
  const unread: ForeignEtcdProblem[] = [];
  const text = (field: ForeignEtcdProblem['field']): string => {
    try {
      return readFileSync(external[field], 'utf8');
    } catch (cause) {
      const code = systemCode(cause) ?? String(cause);
      unread.push({ field, severity: 'error', message: reasons[code] ?? `cannot be read (${code})` });
      return '';
    }
  };
  const pems = { caPem: text('caFile'), certificatePem: text('certFile'), keyPem: text('keyFile') };
  const judged = foreignEtcdProblems(pems, now).filter(
    ({ field }) => !unread.some((problem) => problem.field === field),
  );
  const problems = [...unread, ...judged];
  return problems.some(({ severity }) => severity === 'error') ? { problems } : { pems, problems };
}
