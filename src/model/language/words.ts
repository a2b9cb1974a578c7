import type { exitStatus } from '../error.ts';
import type { Language } from './language.ts';

/** The words around an explanation, and what each exit status means. */
export interface Words {
  readonly exitStatus: string;
  readonly whatItMeans: string;
  readonly whatToDo: string;
  /** Headings of the list of codes. */
  readonly code: string;
  readonly exit: string;
  readonly means: string;
  readonly moreOfCode: string;
  readonly exits: Readonly<Record<keyof typeof exitStatus, string>>;
}

export const words: Readonly<Record<Language, Words>> = {
  en: {
    exitStatus: 'exit status',
    whatItMeans: 'What it means',
    whatToDo: 'What to do',
    code: 'CODE',
    exit: 'EXIT',
    means: 'MEANS',
    moreOfCode: '`kboot explain CODE` shows what to do.',
    exits: {
      done: 'done, or nothing to do',
      stepFailed: 'a step failed; `status`: something is not healthy; `certs`: a certificate runs out',
      changesPending: 'changes are pending (`plan --detailed-exitcode`, `drift`)',
      badInput: 'a problem with the command line, the inventory, a bundle or the state folder',
      unreachable: 'a host could not be reached or read, or refused the login',
      preflight:
        'a host does not meet a requirement or belongs to another cluster, or etcd would lose its quorum',
      stalePlan: 'a host changed since the plan was made, or the saved plan is stale; plan again',
      locked: 'another run holds the lock',
      interrupted: 'interrupted, or the prompt was answered with no',
    },
  },
  zh: {
    exitStatus: '退出状态码',
    whatItMeans: '含义',
    whatToDo: '处理方法',
    code: '错误码',
    exit: '状态码',
    means: '含义',
    moreOfCode: '`kboot explain CODE` 显示处理方法。',
    exits: {
      done: '已完成，或无事可做',
      stepFailed: '某个步骤失败；`status`：有组件不健康；`certs`：有证书即将到期',
      changesPending: '有待执行的更改（`plan --detailed-exitcode`、`drift`）',
      badInput: '命令行、清单、离线包或状态目录有问题',
      unreachable: '某台主机无法连接、无法读取，或拒绝登录',
      preflight: '某台主机不满足要求或属于另一个集群，或者 etcd 会失去法定人数',
      stalePlan: '生成计划之后主机有变化，或已保存的计划已过时；重新生成计划',
      locked: '另一个运行持有锁',
      interrupted: '已中断，或对询问回答了“否”',
    },
  },
};
