/** Exit statuses that users and CI rely on (README, "Exit status"). */
export const exitStatus = {
  done: 0,
  stepFailed: 1,
  changesPending: 2,
  badInput: 3,
  unreachable: 4,
  preflight: 5,
  stalePlan: 6,
  locked: 7,
  interrupted: 130,
} as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/**
 * Every error code: its exit status, what it means in a line, and for `kboot explain` in a paragraph each: what has
 * happened and what kboot did or did not do, and what to do about it.
 */
export const errorCodes = {
  'E-USAGE': {
    exit: exitStatus.badInput,
    title: 'The command line is not understood.',
    cause:
      'A flag, an argument or a file named on the command line cannot be what was meant, or a question ' +
      'has to be answered and nobody is there to answer it. kboot looks at the command line before ' +
      'anything else: no host was contacted for it, and nothing was changed.',
    remedy:
      'The message says which word is wrong; `kboot COMMAND --help` tells what there is. Where there is ' +
      'no terminal, as in cron and CI, `--yes` stands for the answer, once you have read the plan.',
  },
  'E-INVENTORY': {
    exit: exitStatus.badInput,
    title: 'The inventory has problems.',
    cause:
      'The inventory cannot be read, or it is read and says something that cannot be. Every problem is ' +
      'told at once, as file:line:column. Nothing was contacted and nothing was changed: an inventory is ' +
      'used whole or not at all.',
    remedy:
      'Mend the lines that are named, and run `kboot validate INVENTORY` until it is quiet. `kboot init` ' +
      'writes a new one. With inventory.schema.json beside it (`kboot schema`), an editor marks most ' +
      'mistakes as you type.',
  },
  'E-TEMPLATE': {
    exit: exitStatus.badInput,
    title: 'A template could not be rendered.',
    cause:
      'A file for a host could not be made: a template of your own (spec.templates) does not compile or ' +
      'names a variable that there is none, or a value of the inventory cannot stand in the file that it ' +
      'goes into. Files are made before hosts are changed: nothing was changed.',
    remedy:
      'Correct the template or the value that the message names. `kboot render INVENTORY --out DIR` shows ' +
      "the files without any host. Taking your template out of the folder brings kboot's own back.",
  },
  'E-BUNDLE': {
    exit: exitStatus.badInput,
    title: 'The bundle is incomplete or a file differs from its sum.',
    cause:
      'The folder of --bundle or KBOOT_BUNDLE is not there or no bundle, lacks a file that a host needs, is ' +
      'for another Kubernetes version, or holds a file whose SHA-256 is not the one in bundle.json. The bundle is checked before ' +
      'the first change; if a file broke off while it was sent, what was done before stays and is whole.',
    remedy:
      '`kboot bundle verify DIR` reads every file again and names those that differ. Fetch them anew ' +
      '(`kboot bundle create DIR` fetches what is missing or wrong); after adding or replacing files on ' +
      'purpose, run `kboot bundle index DIR`. Then run the same command again.',
  },
  'E-FETCH': {
    exit: exitStatus.unreachable,
    title: 'A release file or an image could not be fetched.',
    cause:
      '`kboot bundle create` asked an official host, a mirror or a registry, and it could not be reached, ' +
      'did not have the file, broke off, or sent other bytes than those of its SHA-256. A file that is ' +
      'not whole and right is not kept; those that came before are. No host of a cluster was contacted.',
    remedy:
      'The message names each address and what it said. Behind a proxy set HTTPS_PROXY (and NO_PROXY for ' +
      'what is inside), for a CA of your own NODE_EXTRA_CA_CERTS; `--mirror` and `--image-repository` ' +
      'name other places. Then run the same command again: only what is missing is fetched.',
  },
  'E-STATE': {
    exit: exitStatus.badInput,
    title: 'The state folder cannot be used as it is.',
    cause:
      'The state folder (.kboot/NAME beside the inventory, or --state) or another file on this machine ' +
      'cannot be read or written: it belongs to somebody else, the disk is full or read-only, or a file ' +
      "in it is damaged. It holds the cluster's keys, so kboot does not go on without it. What hosts have " +
      'already stays as it is.',
    remedy:
      'Run kboot as the owner of the folder, free space, or name the right folder with --state. If the ' +
      'folder is lost, bring it back from your backup: a running cluster cannot be changed without its ' +
      'CA.',
  },
  'E-PKI': {
    exit: exitStatus.badInput,
    title: 'A key or certificate cannot be used.',
    cause:
      'A certificate or key in the state folder, or one that you brought, cannot be read, does not belong ' +
      'to its key or CA, or has expired; or a name of the inventory cannot stand in a certificate. A ' +
      'broken certificate is never sent to a host.',
    remedy:
      'The message names the file. Bring it back from your backup. A certificate that is no CA may be ' +
      'removed with its key: kboot issues it anew. Never remove ca.crt or ca.key of a running cluster: ' +
      'every node trusts only that CA.',
  },
  'E-PLAN': {
    exit: exitStatus.badInput,
    title: 'The saved plan cannot be used.',
    cause:
      'The file given to `kboot up --plan` or `kboot plan show` is no plan of kboot, was changed or cut ' +
      'off, was made offline or by a kboot that wrote plans differently, or belongs to another inventory ' +
      'or state folder. It was refused before any host was contacted; nothing was changed.',
    remedy:
      'Make the plan again: `kboot plan INVENTORY --out FILE`, without --offline, with the same inventory ' +
      'and --state that `up` will be given.',
  },
  'E-CONNECT': {
    exit: exitStatus.unreachable,
    title: 'The host does not answer.',
    cause:
      'No SSH connection to the host could be made, or it broke: the name does not resolve, the address ' +
      'cannot be reached, nothing listens on the port, or sshd closed the connection. A host that was not ' +
      'reached was not changed. If the connection broke in the middle of `up`, files there are whole, the ' +
      'step that ran may have ended or not, and the other hosts went on.',
    remedy:
      "Try `ssh USER@ADDRESS` from this machine. Look at the host's power and network, at firewalls, at " +
      'sshd (`systemctl status ssh`), and at address, ssh.address and ssh.port in the inventory. Then run ' +
      'the same command again: it goes on where it ended. `--limit HOST` works on other hosts meanwhile; ' +
      'control planes are read in any case.',
  },
  'E-VAGRANT': {
    exit: exitStatus.unreachable,
    title: 'Vagrant does not say how to reach the machine.',
    cause:
      'The inventory says that Vagrant knows the machine (ssh.vagrant), and `vagrant ssh-config` in that ' +
      'folder gave no way to it: Vagrant is not installed, no Vagrantfile is there, or the machine was ' +
      'never made or is off. No connection was made to that host, and nothing was changed on it.',
    remedy:
      'Run `vagrant status` in the folder that ssh.vagrant names, and `vagrant up` where a machine is not ' +
      "running; see that its name there is the host's name in the inventory. Then run the same command " +
      'again.',
  },
  'E-HOST-KEY-UNKNOWN': {
    exit: exitStatus.unreachable,
    title: 'The SSH host key is not known yet.',
    cause:
      "This machine has never seen the host's SSH key, so it cannot tell the host from somebody who " +
      'pretends to be it. kboot ended the connection before it sent a password or used a key. Nothing was ' +
      'changed on that host.',
    remedy:
      "Compare the fingerprint in the message with the one on the host's own console: `ssh-keygen -lf " +
      '/etc/ssh/ssh_host_ed25519_key.pub`. If it is the same, add the line that the message shows to ' +
      '~/.ssh/known_hosts, or the key to the inventory as hostKey. There is no way to switch the check ' +
      'off.',
  },
  'E-HOST-KEY-CHANGED': {
    exit: exitStatus.unreachable,
    title: 'The SSH host key is not the known one.',
    cause:
      'The host shows another SSH key than the one that is on record. Either it was installed anew or its ' +
      'address went to another machine, or somebody stands in between. kboot ended the connection before ' +
      'it sent a password or used a key. Nothing was changed on that host.',
    remedy:
      'Do not go on until you know why. Ask who installed the machine, and compare the fingerprint on its ' +
      'own console. Only then remove the old line (`ssh-keygen -R ADDRESS`, or hostKey in the inventory) ' +
      'and put the new key in its place.',
  },
  'E-AUTH': {
    exit: exitStatus.unreachable,
    title: 'The host refused every credential.',
    cause:
      'The host answers and its key is right, but none of the credentials lets this user in: not the ' +
      "agent's keys, not the key file, not the password. The message lists what was tried and what the " +
      'host accepts. Nothing was changed on that host.',
    remedy:
      'Try `ssh -i KEY USER@ADDRESS`. Put your public key into ~USER/.ssh/authorized_keys on the host, ' +
      'correct ssh.user or ssh.identityFile in the inventory, or add the key to the agent (`ssh-add`). ' +
      'Passwords come from the terminal or from KBOOT_SSH_PASSWORD.',
  },
  'E-SUDO': {
    exit: exitStatus.unreachable,
    title: 'The user cannot become root.',
    cause:
      'The login worked, but sudo did not: it is not installed, it does not let this user run everything, ' +
      'or it wants a password that was not given or was wrong. kboot reads and changes hosts as root. ' +
      'Nothing was changed on that host.',
    remedy:
      'Allow it on the host, in a file of /etc/sudoers.d made with visudo: `USER ALL=(ALL) NOPASSWD: ' +
      'ALL`. Or give the password at the terminal or as KBOOT_SUDO_PASSWORD, or log in as root ' +
      '(ssh.user).',
  },
  'E-TIMEOUT': {
    exit: exitStatus.unreachable,
    title: 'The host stopped answering.',
    cause:
      'The connection stands, but a command that only reads did not end in its time: the host is ' +
      'overloaded, a mount hangs, or its login shell waits for something. What is not read whole is not ' +
      'known, so kboot plans nothing for that host, and changed nothing with this command.',
    remedy:
      'Log in and look: `uptime`, `dmesg | tail`, `df` (it hangs where a mount does), `systemctl ' +
      "--failed`. Look at what the user's shell start-up files and PAM do. Then run the same command " +
      'again.',
  },
  'E-PROBE': {
    exit: exitStatus.unreachable,
    title: "The host's state could not be read whole.",
    cause:
      'A host answered only in part: output was cut off, a program failed, or a file could not be read. ' +
      'kboot never takes what it could not read for absent, since that could make it found a second ' +
      'cluster over the first. So it stopped before any change on that host; where the host may hold the ' +
      "cluster's data, before any change at all.",
    remedy:
      'Run the same command again. If it stays so, log in as the same user and look at full disks, ' +
      'damaged file systems, and at a login shell that prints or ends something.',
  },
  'E-PREFLIGHT': {
    exit: exitStatus.preflight,
    title: 'A host does not meet a requirement.',
    cause:
      'Hosts were read, and at least one is not fit for what the inventory makes of it: system, CPUs, ' +
      'memory, disk, ports, clock, addresses, a virtual IP that somebody holds. Every finding is told at ' +
      'once, with the name of its check in brackets. Nothing was changed.',
    remedy:
      'Mend what stands there, then run the same command again. If you know better, pass over a check by ' +
      'its name: `--ignore-preflight NAME`, or spec.preflight.ignore for good. Do that only for a finding ' +
      'that you understand. ForeignCluster and KubernetesVersion cannot be ignored.',
  },
  'E-FOREIGN-CLUSTER': {
    exit: exitStatus.preflight,
    title: 'The host belongs to another cluster.',
    cause:
      'The host, or the etcd that spec.etcd.external names, carries the mark or the data of a cluster ' +
      'that is not the one in this state folder. kboot would destroy it, so it left everything alone. A ' +
      'common cause is a lost, moved or wrong state folder: then it is your own cluster that looks ' +
      'foreign.',
    remedy:
      'See that inventory and --state belong together, and bring the state folder back from your backup ' +
      'if it was lost. If the other cluster is to go, reset it with its own inventory and state folder, ' +
      'or with the tool that made it (`kubeadm reset`).',
  },
  'E-STEP': {
    exit: exitStatus.stepFailed,
    title: 'A step failed on a host.',
    cause:
      'A command of the plan ended with an error on that host. Its later steps were not begun; the other ' +
      'hosts went on. Files there are whole, old or new, never half. The steps before this one stay done.',
    remedy:
      'Read the last lines that the command said, above, and the whole in the log under .kboot/NAME/runs. ' +
      'Mend the cause on the host: space, package sources, a name server, a unit (`journalctl -u UNIT`). ' +
      'Then run the same command again: it goes on there.',
  },
  'E-WAIT': {
    exit: exitStatus.stepFailed,
    title: 'Something did not become ready in time.',
    cause:
      'Everything was put in place, and then something did not get ready in its time: an etcd member, an ' +
      'API server, a node, Pods. kboot stopped there, so what comes after it was not begun. Nothing was ' +
      'rolled back; it may still become ready by itself.',
    remedy:
      'The lines above say what it waited for and what was last seen. On the host: `crictl ps -a` and ' +
      '`crictl logs ID` for control-plane containers, `journalctl -u kubelet -n 50`, `journalctl -u ' +
      'etcd`. In the cluster: `kubectl get pods -A` and `kubectl describe`. Then run the same command ' +
      'again.',
  },
  'E-KUBE-API': {
    exit: exitStatus.stepFailed,
    title: 'The Kubernetes API refused a request.',
    cause:
      'The API server answered with an error, or no API server could be reached through a control-plane ' +
      'host. Requests before this one hold; those after it were not sent. A webhook that does not answer, ' +
      'an admission policy, and an API server without etcd are common causes.',
    remedy:
      "The message has the API's own words. Look with `kboot status INVENTORY`, and on a control plane " +
      'with `crictl ps -a` and `crictl logs` of kube-apiserver. If a webhook refuses, mend or remove its ' +
      'configuration. Then run the same command again.',
  },
  'E-ETCD': {
    exit: exitStatus.stepFailed,
    title: 'etcd refused a request.',
    cause:
      'A member of etcd answered with an error, or none answered when its membership had to be read or ' +
      'changed. Members are changed one at a time, after a snapshot into the state folder, and a failed ' +
      'addition is taken back: etcd still has the members that it had, or one more or less of them that ' +
      'is named above.',
    remedy:
      'Look at `kboot status INVENTORY`, and on the etcd hosts at `crictl logs` of etcd or `journalctl -u ' +
      'etcd`: slow disks, a full disk, a clock that is off, or lost peers. Bring members back that are ' +
      'down. Then run the same command again.',
  },
  'E-QUORUM': {
    exit: exitStatus.preflight,
    title: 'etcd has no quorum, or the change would cost it.',
    cause:
      'More than half of the members of etcd must answer. Either they do not, or what the inventory asks ' +
      'for would take so many away. Without its quorum the cluster takes no writes, and no member can be ' +
      'added or removed. Nothing was changed.',
    remedy:
      'Bring members back that are down, with their disks: power, network, `journalctl -u etcd` or ' +
      '`crictl logs`. Take members out of the inventory one at a time. If more than half are lost for ' +
      'good, only a snapshot helps: restore it with etcdutl; kboot founds no new cluster beside one that ' +
      'there is.',
  },
  'E-STALE': {
    exit: exitStatus.stalePlan,
    title: 'A host changed since the plan was made.',
    cause:
      'Between the plan and its step somebody or something changed the host: a file was no longer as it ' +
      'was read. The step was not done and neither was what follows it on that host; the other hosts went ' +
      'on. Earlier steps stay done.',
    remedy:
      'Find out who else changes the host: a colleague, a configuration management, automatic upgrades. ' +
      'Then run the same command again: it reads the host and plans anew.',
  },
  'E-PLAN-STALE': {
    exit: exitStatus.stalePlan,
    title: 'What the saved plan was made from is no longer so.',
    cause:
      '`kboot up --plan` read everything again, and something is not as it was when the plan was made: a ' +
      'host, the inventory, a template, the bundle, a certificate, kboot itself. The list above says ' +
      'what. A reviewed plan is done as it was reviewed or not at all: nothing was changed.',
    remedy:
      'Make the plan anew with `kboot plan INVENTORY --out FILE`, have it reviewed again, and apply it ' +
      'before something else changes.',
  },
  'E-LOCKED': {
    exit: exitStatus.locked,
    title: 'Another run holds the lock.',
    cause:
      'Another kboot works on this cluster: it holds the lock in the state folder, or one of its sessions ' +
      'still runs on a host. Two runs at once could undo each other, so this one did nothing. A run shows ' +
      'every 5 s that it lives; one that died frees the lock by itself, at once on this machine and after ' +
      '30 s of silence elsewhere.',
    remedy:
      'Wait until the other run ends, or end it (Ctrl-C once lets its running steps finish). `kboot ' +
      'unlock INVENTORY` shows who holds the lock, and removes one that nobody holds any more. A session ' +
      'that is left on a host is the process that the message names: end it there.',
  },
  'E-INTERRUPTED': {
    exit: exitStatus.interrupted,
    title: 'Interrupted.',
    cause:
      'Ctrl-C, a signal, or no answer to a question ended the run. After the first Ctrl-C the steps that ' +
      'were running came to their end and no new one began; after the second everything stopped at once. ' +
      'Files on hosts are whole in either case, and nothing was rolled back.',
    remedy:
      'Run the same command again: it reads the hosts and goes on from what is there. If another tool ' +
      'must work on the hosts first, `kboot plan INVENTORY` shows what is left to do.',
  },
} as const satisfies Record<
  string,
  { readonly exit: ExitStatus; readonly title: string; readonly cause: string; readonly remedy: string }
>;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorContext {
  readonly host?: string;
  readonly step?: string;
  /** Id of that step or gate in its plan. */
  readonly stepId?: string;
  readonly command?: string;
  /** Last lines of the command's stderr, or of the log that explains the failure. Never a secret. */
  readonly detail?: string;
  /** What the reader does next. */
  readonly remedy?: string;
  /** Status of the HTTP response, where an API answered with an error. */
  readonly httpStatus?: number;
  readonly cause?: unknown;
}

/** The one error type that reaches users; everything else that surfaces is a defect of kboot. */
export class KbootError extends Error {
  readonly code: ErrorCode;
  readonly context: ErrorContext;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, { cause: context.cause });
    this.name = 'KbootError';
    this.code = code;
    this.context = context;
  }

  get exit(): ExitStatus {
    return errorCodes[this.code].exit;
  }
}
