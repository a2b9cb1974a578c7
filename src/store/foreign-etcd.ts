import { readFileSync } from 'node:fs';
import type { ForeignEtcd } from '../model/cluster.ts';
import { foreignEtcdProblems, type ForeignEtcdPems, type ForeignEtcdProblem } from '../pki/foreign-etcd.ts';
import { unreadable } from './file-error.ts';

export interface ReadForeignEtcd {
  /** Absent when any problem is an error. */
  readonly pems?: ForeignEtcdPems;
  readonly problems: readonly ForeignEtcdProblem[];
}

/** Reads the three files from the operator's disk and checks them. Never throws. */
export function readForeignEtcd(external: ForeignEtcd, now: Date): ReadForeignEtcd {
  const unread: ForeignEtcdProblem[] = [];
  const text = (field: ForeignEtcdProblem['field']): string => {
    try {
      return readFileSync(external[field], 'utf8');
    } catch (cause) {
      unread.push({ field, severity: 'error', message: unreadable(cause) });
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
