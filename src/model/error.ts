import { remedyFields, type Remedy, type Text } from './language/text.ts';

/** Exit statuses that users and CI rely on (docs/commands.md). */
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
 * Every error code: its exit status, a one-line title, and two paragraphs for `kboot explain`: what happened and
 * what kboot did or did not do, and how to fix it.
 */
export const errorCodes = {
  'E-USAGE': {
    exit: exitStatus.badInput,
    title: 'The command line is not valid.',
    cause:
      'A flag, an argument or a file on the command line is not valid, or a question needs an answer and ' +
      'there is no terminal to ask. kboot checks the command line first: no host was contacted, and ' +
      'nothing was changed.',
    remedy:
      'The message says which word is wrong; `kboot COMMAND --help` lists the valid ones. Without a ' +
      'terminal, as in cron and CI, `--yes` answers the question, once you have read the plan.',
  },
  'E-INVENTORY': {
    exit: exitStatus.badInput,
    title: 'The inventory has problems.',
    cause:
      'The inventory, or kboot.lock.yaml beside it, cannot be read, or its content is not valid. Every problem is reported at once, as ' +
      'file:line:column. Nothing was contacted and nothing was changed: an inventory is used completely ' +
      'or not at all.',
    remedy:
      'Fix the reported lines, and run `kboot validate INVENTORY` until it reports no problems. `kboot ' +
      'init` writes a new inventory. With inventory.schema.json beside it (`kboot schema`), an editor ' +
      'marks most mistakes as you type.',
  },
  'E-TEMPLATE': {
    exit: exitStatus.badInput,
    title: 'A template could not be rendered.',
    cause:
      'A file for a host could not be rendered: one of your own templates (spec.templates) does not ' +
      'compile or uses an undefined variable, or a value of the inventory is not valid in that file. ' +
      'Files are rendered before hosts are changed: nothing was changed.',
    remedy:
      'Correct the template or the value in the message. `kboot render INVENTORY --out DIR` shows the ' +
      "files without contacting a host. To go back to kboot's own template, remove yours from the folder.",
  },
  'E-ADDON': {
    exit: exitStatus.badInput,
    title: 'An add-on of the inventory could not be rendered.',
    cause:
      'An add-on (spec.addons) is rendered on the machine that runs kboot, before any host is contacted: its ' +
      'kustomization did not build, a program that it needs is not installed or too old, or what came out ' +
      'is not objects of Kubernetes. Nothing was changed.',
    remedy:
      'The message names the add-on, the file and what is wrong with it; the lines below it are those of the ' +
      'program. Install the program that the message names, or correct the file, and run the same command again.',
  },
  'E-BUNDLE': {
    exit: exitStatus.badInput,
    title: 'The bundle is incomplete, or the checksum of a file is wrong.',
    cause:
      'The folder of --bundle or KBOOT_BUNDLE does not exist or is not a bundle, lacks a file that a host ' +
      'needs, is for another Kubernetes version, has a file whose SHA-256 differs from bundle.json, or has ' +
      'a file or an image that differs from kboot.lock.yaml beside the inventory. Or it has builds that are not official ' +
      'and that nobody has vouched for; or none of spec.artifacts.bundleSigners signed it; or no digest is known of an image that `kboot bundle create DIR` was to fetch. ' +
      'The bundle is checked before the first change; if the transfer of a file failed, earlier steps ' +
      'stay done and are complete.',
    remedy:
      '`kboot bundle verify DIR` reads every file again and lists those that differ. Fetch them again ' +
      '(`kboot bundle create DIR` fetches missing and wrong files); after adding or replacing files on ' +
      'purpose, run `kboot bundle index DIR`. For builds of your own that are not the official ones, or differ from the ' +
      'lock, add `--allow-unofficial` (or set KBOOT_ALLOW_UNOFFICIAL=true); `kboot up` remembers them. `kboot lock ' +
      'INVENTORY` pins images. Then run the same command again.',
  },
  'E-FETCH': {
    exit: exitStatus.unreachable,
    title: 'A release file or an image could not be fetched.',
    cause:
      '`kboot bundle create` or `kboot lock` contacted an official host, a mirror or a registry, which could not be ' +
      'reached, did not have the file, closed the connection, or sent bytes with a different SHA-256. An ' +
      'incomplete or wrong file is not kept; files fetched before it are. No host of a cluster was ' +
      'contacted.',
    remedy:
      'The message lists each address with its error. Behind a proxy, set HTTPS_PROXY (and NO_PROXY for ' +
      'internal hosts); for a CA of your own, set NODE_EXTRA_CA_CERTS; a mirror ' +
      'and another registry are other sources (spec.artifacts.mirror and spec.imageRepository, or `--mirror` ' +
      'and `--image-repository` of `bundle create`). Then run the same command again: only missing files are ' +
      'fetched.',
  },
  'E-PUSH': {
    exit: exitStatus.unreachable,
    title: 'An image could not be pushed to the registry.',
    cause:
      '`kboot bundle push` could not reach the registry, does not trust its certificate, was refused there, or lost the ' +
      'connection. Images that were pushed before it are in the registry, and so are complete layers; the bundle is as it ' +
      'was. No host of a cluster was contacted.',
    remedy:
      'The message has the address and what the registry responded. A login is `--username USER` with `--password-file FILE` or ' +
      'KBOOT_REGISTRY_PASSWORD, or what `docker login` or `podman login` stored; a CA of your own is `--ca-file FILE`. Then ' +
      'run the same command again: it sends only what the registry lacks.',
  },
  'E-STATE': {
    exit: exitStatus.badInput,
    title: 'The state folder cannot be used.',
    cause:
      'The state folder (.kboot/NAME beside the inventory, or --state) or another file on this machine ' +
      'cannot be read or written: it belongs to another user, the disk is full or read-only, or a file in ' +
      "it is damaged. It contains the cluster's keys, so kboot does not continue without it. Everything " +
      'on the hosts stays as it is.',
    remedy:
      'Run kboot as the owner of the folder, free space, or specify the right folder with --state. If the ' +
      'folder is lost, restore it from your backup: a running cluster cannot be changed without its CA.',
  },
  'E-STATE-COPY': {
    exit: exitStatus.badInput,
    title: 'The copy of the state folder cannot be used.',
    cause:
      'The copy that `kboot state push` made and the state folder do not fit together: somebody else pushed since ' +
      'this folder was last pushed or pulled, both were changed, the copy is of another cluster, older than the ' +
      'one that was here before, written by a newer kboot, or damaged. Nothing was overwritten; an interrupted ' +
      'pull is completed by the next one.',
    remedy:
      '`kboot state show INVENTORY` says which of the two has changed. Usually `kboot state pull INVENTORY` first, ' +
      'then the command again. If both have changed, decide which one is right: `--force` overwrites the other after ' +
      'a question, and a pull keeps the files that it replaces.',
  },
  'E-STATE-KEY': {
    exit: exitStatus.badInput,
    title: 'The passphrase or identity is missing or wrong.',
    cause:
      'The copy of the state folder, or the private keys in it, are encrypted, and nothing that was given decrypts ' +
      'them: there was no passphrase and no terminal to ask for it, it was wrong, the identity file is not of age, ' +
      'can be read by others, or is not of a recipient. Nothing was written.',
    remedy:
      'Enter the passphrase, or set KBOOT_STATE_PASSPHRASE, or KBOOT_STATE_PASSPHRASE_FILE to a file with it; with ' +
      'recipients, set KBOOT_STATE_IDENTITY to the file with your identity (AGE-SECRET-KEY-1…), mode 600. If you are ' +
      'not a recipient yet, somebody who is adds your public key to spec.state.recipients and pushes again.',
  },
  'E-PKI': {
    exit: exitStatus.badInput,
    title: 'A key or certificate cannot be used.',
    cause:
      'A certificate or key in the state folder, or one that you provided, cannot be read, does not match ' +
      'its key or CA, or has expired; or a name in the inventory is not valid in a certificate. A broken ' +
      'certificate is never sent to a host.',
    remedy:
      'The message shows the path of the file. Restore it from your backup. A certificate that is not a ' +
      'CA may be removed together with its key: kboot issues a new one. Never remove ca.crt or ca.key of ' +
      'a running cluster: every node trusts only that CA.',
  },
  'E-PLAN': {
    exit: exitStatus.badInput,
    title: 'The saved plan cannot be used.',
    cause:
      'The file given to `kboot up --plan` or `kboot plan show` is not a plan of kboot, was modified or ' +
      'truncated, was made with --offline or by a version of kboot with a different plan format, or ' +
      'belongs to another inventory or state folder. It was refused before any host was contacted; ' +
      'nothing was changed.',
    remedy:
      'Make the plan again: `kboot plan INVENTORY --out FILE`, without --offline, with the same inventory ' +
      'and --state that you pass to `up`.',
  },
  'E-CONNECT': {
    exit: exitStatus.unreachable,
    title: 'The host cannot be reached.',
    cause:
      'The SSH connection to the host could not be opened, or it was lost: the name does not resolve, the ' +
      'address is unreachable, nothing listens on the port, or sshd closed the connection. A host that ' +
      'was not reached was not changed. If the connection was lost during `up`, no file there is ' +
      'half-written, the step in progress may or may not have finished, and the other hosts continued.',
    remedy:
      "Try `ssh USER@ADDRESS` from this machine. Check the host's power and network, firewalls, sshd " +
      '(`systemctl status ssh`), and address, ssh.address and ssh.port in the inventory. Then run the ' +
      'same command again: it continues where it stopped. `--limit HOST` works on other hosts in the ' +
      'meantime; control planes are read in any case.',
  },
  'E-CONSENT': {
    exit: exitStatus.badInput,
    title: 'A program of the inventory may not run.',
    cause:
      'The inventory names a program that runs on this machine as you: a command that lists the hosts ' +
      '(spec.hostsFrom.command), or a Vagrantfile (ssh.vagrant). kboot runs it only if you say so: otherwise ' +
      'a change to the inventory could run any program on every machine that reads it, for example in CI. Nothing was ' +
      'contacted.',
    remedy:
      'Read the program. Then run the command in a terminal and answer its question, which it remembers ' +
      'until the command, the program or the Vagrantfile changes, or add --allow-hooks.',
  },
  'E-VAGRANT': {
    exit: exitStatus.unreachable,
    title: 'Vagrant does not provide the connection settings of the machine.',
    cause:
      'The inventory says that Vagrant manages the machine (ssh.vagrant), but `vagrant ssh-config` in ' +
      'that folder did not return its connection settings: Vagrant is not installed, there is no ' +
      'Vagrantfile, or the machine is not created or not running. No connection to that host was opened, ' +
      'and nothing was changed on it.',
    remedy:
      'Run `vagrant status` in the folder given as ssh.vagrant, and `vagrant up` if a machine is not ' +
      "running; make sure that its name there is the host's name in the inventory. Then run the same " +
      'command again.',
  },
  'E-HOST-KEY-UNKNOWN': {
    exit: exitStatus.unreachable,
    title: 'The SSH host key is unknown.',
    cause:
      "This machine has never seen the host's SSH key, so it cannot verify that it is talking to the " +
      'right host. kboot closed the connection before it sent a password or used a key. Nothing was ' +
      'changed on that host.',
    remedy:
      "Compare the fingerprint in the message with the one on the host's own console: `ssh-keygen -lf " +
      '/etc/ssh/ssh_host_ed25519_key.pub`. If they are equal, add the line in the message to ' +
      '~/.ssh/known_hosts, or the key to the inventory as hostKey. The check cannot be disabled.',
  },
  'E-HOST-KEY-CHANGED': {
    exit: exitStatus.unreachable,
    title: 'The SSH host key has changed.',
    cause:
      'The host presented a different SSH key than the recorded one. The host was reinstalled, its ' +
      'address was given to another machine, or somebody is intercepting the connection. kboot closed the ' +
      'connection before it sent a password or used a key. Nothing was changed on that host.',
    remedy:
      'Do not continue until you know why. Ask whoever installed the machine, and compare the fingerprint ' +
      'on its own console. Only then remove the old key (`ssh-keygen -R ADDRESS`, or hostKey in the ' +
      'inventory) and record the new one.',
  },
  'E-AUTH': {
    exit: exitStatus.unreachable,
    title: 'The host refused every credential.',
    cause:
      'The host responds and its key is right, but it accepts none of the credentials for this user: not ' +
      "the agent's keys, not the key file, not the password. The message lists what was tried and which " +
      'methods the host accepts. Nothing was changed on that host.',
    remedy:
      'Try `ssh -i KEY USER@ADDRESS`. Add your public key to ~USER/.ssh/authorized_keys on the host, ' +
      'correct ssh.user or ssh.identityFile in the inventory, or add the key to the agent (`ssh-add`). ' +
      'Passwords are read from the terminal, from KBOOT_SSH_PASSWORD, and for a bastion from KBOOT_BASTION_PASSWORD.',
  },
  'E-SUDO': {
    exit: exitStatus.unreachable,
    title: 'The user cannot become root.',
    cause:
      'The login worked, but sudo did not: it is not installed, does not allow this user to run every ' +
      'command, or requires a password that was missing or wrong. kboot reads and changes hosts as root. ' +
      'Nothing was changed on that host.',
    remedy:
      'Allow it on the host, in a file in /etc/sudoers.d made with visudo: `USER ALL=(ALL) NOPASSWD: ' +
      'ALL`. Or enter the password in the terminal or set KBOOT_SUDO_PASSWORD, or log in as root ' +
      '(ssh.user).',
  },
  'E-TIMEOUT': {
    exit: exitStatus.unreachable,
    title: 'The host stopped responding.',
    cause:
      'The connection is open, but a read-only command did not finish in time: the host is overloaded, a ' +
      'mount hangs, or its login shell is waiting for something. kboot does not use incomplete results, ' +
      'so it planned nothing for that host, and changed nothing with this command.',
    remedy:
      'Log in and check: `uptime`, `dmesg | tail`, `df` (which hangs if a mount does), `systemctl ' +
      "--failed`. Check the user's shell start-up files and PAM. Then run the same command again.",
  },
  'E-PROBE': {
    exit: exitStatus.unreachable,
    title: "The host's state could not be read completely.",
    cause:
      'A host returned incomplete results: output was truncated, a program failed, or a file could not be ' +
      'read. kboot never treats unreadable state as absent, since it could then create a second cluster ' +
      "over the first. So it stopped before any change on that host; if the host may have the cluster's " +
      'data, before any change at all.',
    remedy:
      'Run the same command again. If the error persists, log in as the same user and check for full ' +
      'disks, damaged file systems, and a login shell that prints something or exits.',
  },
  'E-PREFLIGHT': {
    exit: exitStatus.preflight,
    title: 'A host does not meet a requirement.',
    cause:
      'Hosts were read, and at least one does not meet the requirements of its roles: system, CPUs, ' +
      'memory, disk, ports, clock, addresses, a virtual IP that is in use. All findings are reported at ' +
      'once, with the name of the check in brackets. Nothing was changed.',
    remedy:
      'Fix the findings, then run the same command again. If you know better, ignore a check by its name: ' +
      '`--ignore-preflight NAME`, or spec.preflight.ignore permanently. Only do that for a finding that ' +
      'you understand. ForeignCluster and KubernetesVersion cannot be ignored.',
  },
  'E-FOREIGN-CLUSTER': {
    exit: exitStatus.preflight,
    title: 'The host belongs to another cluster.',
    cause:
      'The host, or the etcd in spec.etcd.external, has the marker or the data of a cluster other than ' +
      'the one in this state folder. kboot would destroy it, so it changed nothing. A common cause is a ' +
      'lost, moved or wrong state folder: then it is your own cluster that looks foreign.',
    remedy:
      'Make sure that the inventory and --state belong together, and restore the state folder from your ' +
      'backup if it was lost. To remove the other cluster, reset it with its own inventory and state ' +
      'folder, or with the tool that created it (`kubeadm reset`).',
  },
  'E-ADOPT': {
    exit: exitStatus.preflight,
    title: 'The cluster cannot be taken over.',
    cause:
      '`kboot adopt` read a cluster that another tool made, and found something that kboot cannot go on with: a CA ' +
      'without its key, a version that it does not know, a setting that it has no field for. All reasons are ' +
      'listed. Nothing was written, and nothing was changed on hosts.',
    remedy:
      'Change what the message names with the tool that made the cluster, and run the same command again. ' +
      'The cluster runs on as it is.',
  },
  'E-STEP': {
    exit: exitStatus.stepFailed,
    title: 'A step failed on a host.',
    cause:
      'A command of the plan failed on that host. Its later steps were not started; the other hosts ' +
      'continued. Files there are complete, either old or new, never half-written. The steps before this ' +
      'one stay done.',
    remedy:
      "Read the command's last output above, and all of it in the log under .kboot/NAME/runs. Fix the " +
      'cause on the host: disk space, package sources, DNS, a unit (`journalctl -u UNIT`). Then run the ' +
      'same command again: it continues from there.',
  },
  'E-WAIT': {
    exit: exitStatus.stepFailed,
    title: 'Something did not become ready in time.',
    cause:
      'Every change was made, but then something did not become ready in time: an etcd member, an API ' +
      'server, a node, Pods. kboot stopped there and did not start the steps after it. Nothing was rolled ' +
      'back; it may still become ready by itself.',
    remedy:
      'The lines above say what it waited for and the last state that it saw. On the host: `crictl ps -a` ' +
      'and `crictl logs ID` for control-plane containers, `journalctl -u kubelet -n 50`, `journalctl -u ' +
      'etcd`. In the cluster: `kubectl get pods -A` and `kubectl describe`. Then run the same command ' +
      'again.',
  },
  'E-DRAIN': {
    exit: exitStatus.stepFailed,
    title: 'The Pods of a node that is to be upgraded did not leave.',
    cause:
      'Before a worker is upgraded, its Pods are evicted, as `kubectl drain` does. Some did not leave in ' +
      'spec.upgrade.drain.timeoutSeconds, since a PodDisruptionBudget forbids it or they take longer to end; ' +
      'or spec.upgrade.drain forbids to evict one of them. The node was not upgraded and goes on serving: it ' +
      'was uncordoned, unless somebody else had cordoned it. No further worker is drained.',
    remedy:
      'The message names each Pod that is left, and the budget that forbids its eviction with its numbers. ' +
      'Add replicas on other nodes, wait until unhealthy Pods are Ready, or relax the budget; for a Pod that ' +
      'ends slowly, raise spec.upgrade.drain.timeoutSeconds. Then run the same command again: it goes on with ' +
      'this node.',
  },
  'E-KUBE-API': {
    exit: exitStatus.stepFailed,
    title: 'The Kubernetes API refused a request.',
    cause:
      'The API server returned an error, or no API server could be reached through a control-plane host. ' +
      'Earlier requests took effect; later ones were not sent. Common causes are a webhook that does not ' +
      'respond, an admission policy, and an API server without etcd.',
    remedy:
      "The message shows the API's own error. Check `kboot status INVENTORY`, and on a control plane " +
      '`crictl ps -a` and `crictl logs` of kube-apiserver. If a webhook refuses the request, fix or ' +
      'remove its configuration. Then run the same command again.',
  },
  'E-ETCD': {
    exit: exitStatus.stepFailed,
    title: 'etcd refused a request.',
    cause:
      'An etcd member returned an error, or none responded when the membership had to be read or changed. ' +
      'Members are changed one at a time, after a snapshot into the state folder, and a failed addition ' +
      'is undone: etcd has the same members as before, or differs by the one member in the message.',
    remedy:
      'Check `kboot status INVENTORY`, and on the etcd hosts `crictl logs` of etcd or `journalctl -u ' +
      'etcd`: slow disks, a full disk, a wrong clock, or lost peers. Bring members that are down back up. ' +
      'Then run the same command again.',
  },
  'E-MAX-FAILURES': {
    exit: exitStatus.stepFailed,
    title: 'More hosts failed than this run was allowed to lose.',
    cause:
      'With `--fail-fast` or `--max-failures`, nothing new starts once so many hosts have failed or could not be ' +
      'read. What ran at that moment went on to its end; hosts that had not begun were not touched.',
    remedy:
      'Each failed host has an error of its own above: fix that, and run the same command again. It continues ' +
      'where it stopped. Without the flag, a run goes on with the other hosts.',
  },
  'E-QUORUM': {
    exit: exitStatus.preflight,
    title: 'etcd has no quorum, or would lose it through this change.',
    cause:
      'More than half of the etcd members must respond. Either they do not, or the change in the ' +
      'inventory would remove too many of them. Without quorum, the cluster does not accept writes, and ' +
      'members cannot be added or removed. Nothing was changed.',
    remedy:
      'Bring members that are down back up, with their disks: power, network, `journalctl -u etcd` or ' +
      '`crictl logs`. Remove members from the inventory one at a time. If more than half are lost for ' +
      'good, `kboot etcd restore INVENTORY --from-survivor` makes a new etcd of the most advanced member ' +
      'that is left, and `kboot etcd restore INVENTORY SNAPSHOT` one of a snapshot.',
  },
  'E-SNAPSHOT': {
    exit: exitStatus.badInput,
    title: 'This snapshot of etcd cannot be restored.',
    cause:
      'The file is not a snapshot, or is damaged: a snapshot ends with the SHA-256 of everything before it. Or ' +
      'it is of another cluster, of a newer etcd or Kubernetes than the hosts have, or there is a newer one. ' +
      'This is found before anything is stopped: nothing was changed.',
    remedy:
      '`kboot etcd list INVENTORY` shows the snapshots in the state folder, whether they are intact, and what ' +
      'is in them. Choose another one, or copy it again from where it is kept.',
  },
  'E-STALE': {
    exit: exitStatus.stalePlan,
    title: 'A host changed since the plan was made.',
    cause:
      'Somebody or something changed the host between the plan and one of its steps: a file has ' +
      'changed since it was read. That step and the later ones on that host were not done; the other hosts ' +
      'continued. Earlier steps stay done.',
    remedy:
      'Find out what else changes the host: a colleague, configuration management, automatic upgrades. ' +
      'Then run the same command again: it reads the host and makes a new plan.',
  },
  'E-PLAN-STALE': {
    exit: exitStatus.stalePlan,
    title: 'The saved plan is stale.',
    cause:
      '`kboot up --plan` read everything again, and something has changed since the plan was made: a ' +
      'host, the inventory, a template, the bundle, a certificate, kboot itself. The changes are listed ' +
      'above. A reviewed plan is applied exactly as reviewed or not at all: nothing was changed.',
    remedy:
      'Make a new plan with `kboot plan INVENTORY --out FILE`, have it reviewed again, and apply it ' +
      'before anything else changes.',
  },
  'E-LOCKED': {
    exit: exitStatus.locked,
    title: 'Another run holds the lock.',
    cause:
      'Another kboot is working on this cluster: it holds the lock in the state folder, or the lock of the ' +
      'cluster on its control planes (/run/kboot) and in its API (Lease kube-system/kboot), or one of its ' +
      "sessions is still running on a host. Two runs at once could undo each other's changes, so this one " +
      'did nothing. A run renews its lock every 5 s; if it dies, the lock becomes free: at once if it ran ' +
      'on this machine, otherwise after 30 s.',
    remedy:
      'Wait until the other run ends, or end it (press Ctrl-C once to let its current steps finish). ' +
      '`kboot unlock INVENTORY` shows who holds the lock, and removes a lock whose owner is gone. If a ' +
      'session is left on a host, the message shows its process: end it there.',
  },
  'E-INTERRUPTED': {
    exit: exitStatus.interrupted,
    title: 'Interrupted.',
    cause:
      'Ctrl-C, a signal, or a question without an answer ended the run. After the first Ctrl-C, running ' +
      'steps finish and no new ones start; after the second, everything stops at once. In either case, ' +
      'files on hosts are complete, and nothing was rolled back.',
    remedy:
      'Run the same command again: it reads the hosts and continues from their current state. If another ' +
      'tool must work on the hosts first, `kboot plan INVENTORY` shows what is left to do.',
  },
} as const satisfies Record<
  string,
  { readonly exit: ExitStatus; readonly title: string; readonly cause: string; readonly remedy: string }
>;

export type ErrorCode = keyof typeof errorCodes;

interface ErrorFacts {
  readonly host?: string;
  readonly step?: string;
  /** Id of that step or gate in its plan. */
  readonly stepId?: string;
  readonly command?: string;
  /** Last lines of the command's stderr, or of the log that explains the failure. Never contains a secret. */
  readonly detail?: string;
  /** Status of the HTTP response, where an API answered with an error. */
  readonly httpStatus?: number;
  readonly cause?: unknown;
}

interface NoRemedy {
  readonly remedy?: undefined;
  readonly remedyText?: undefined;
}

/** What is known of an error. A remedy is there in every language, or not at all. */
export type ErrorContext = ErrorFacts & (Remedy | NoRemedy);

/** What an error is made of: a remedy of a `remedies.ts`, or the context of another error. */
export type GivenContext = ErrorContext | (ErrorFacts & { readonly remedy: Text });

/** The only error type that reaches users; any other error that surfaces is a bug in kboot. */
export class KbootError extends Error {
  readonly code: ErrorCode;
  readonly context: ErrorContext;

  constructor(code: ErrorCode, message: string, given: GivenContext = {}) {
    super(message, { cause: given.cause });
    this.name = 'KbootError';
    this.code = code;
    this.context = typeof given.remedy === 'object' ? { ...given, ...remedyFields(given.remedy) } : given;
  }

  get exit(): ExitStatus {
    return errorCodes[this.code].exit;
  }
}
