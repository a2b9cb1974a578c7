import { isProblem } from '../../inventory/address.ts';
import { parseEndpoint } from '../../inventory/endpoint.ts';
import type { ForeignBastion } from '../types.ts';
import { shellWords } from './shell-words.ts';

/** What arguments of ssh say. */
export interface SshArguments {
  readonly bastion?: ForeignBastion;
  readonly user?: string;
  readonly port?: number;
  readonly identityFile?: string;
  /** Options that are not taken over, and why. */
  readonly left: readonly { readonly option: string; readonly why: string }[];
}

const longest = 4096;

/** Options of ssh that take a value. */
const withValue = 'BbcDEeFIiJLlmOopQRSWw';

/** Arguments of ssh: a jump host in `-J`, `-o ProxyJump=`, or the usual `-o ProxyCommand="ssh -W %h:%p …"`. */
export function sshArguments(text: string): SshArguments {
  if (text.length > longest) return { left: [{ option: 'its arguments', why: 'they are too long' }] };
  const words = shellWords(text);
  if ('problem' in words) return { left: [{ option: 'its arguments', why: words.problem }] };
  let found: SshArguments = { left: [] };
  const leave = (option: string, why: string): void => {
    found = { ...found, left: [...found.left, { option, why }] };
  };
  for (const { option, value } of optionsIn(words.map(({ text: each }) => each)).options) {
    if (option === 'o') {
      const [, name = '', setting = ''] = /^\s*(\w+)\s*[=\s]\s*"?(.*?)"?\s*$/s.exec(value) ?? [];
      const made = optionOf(name.toLowerCase(), setting);
      if ('why' in made) leave(name === '' ? '-o' : name, made.why);
      else found = { ...found, ...made };
    } else {
      const named = { J: 'proxyjump', l: 'user', p: 'port', i: 'identityfile' }[option];
      const made = named === undefined ? { why: noCounterpart } : optionOf(named, value);
      if ('why' in made) {
        // Verbosity and compression change nothing about how a host is reached.
        if (!'vqCTtA4'.includes(option)) leave(`-${option}`, made.why);
      } else found = { ...found, ...made };
    }
  }
  return found;
}

const noCounterpart = 'kboot has no such option of SSH';

function optionOf(name: string, value: string): Partial<SshArguments> | { readonly why: string } {
  switch (name) {
    case 'proxyjump':
      return bastionOf(jumpOf(value));
    case 'proxycommand':
      return bastionOf(commandOf(value));
    case 'user':
      return { user: value };
    case 'port':
      return /^\d{1,5}$/.test(value) ? { port: Number(value) } : { why: 'it is not a number' };
    case 'identityfile':
      return { identityFile: value };
    case 'stricthostkeychecking':
    case 'userknownhostsfile':
    case 'globalknownhostsfile':
    case 'checkhostip':
      return {
        why: 'kboot always verifies host keys: put those of the hosts into ~/.ssh/known_hosts, or into ssh.hostKey',
      };
    case 'controlmaster':
    case 'controlpersist':
    case 'controlpath':
      return { why: 'kboot keeps one connection to each host by itself' };
    default:
      return { why: noCounterpart };
  }
}

const bastionOf = (
  found: ForeignBastion | { readonly why: string },
): Partial<SshArguments> | { readonly why: string } => ('why' in found ? found : { bastion: found });

/** `[USER@]HOST[:PORT]`, or such a thing as `ssh://…`; several with commas. */
function jumpOf(text: string): ForeignBastion | { readonly why: string } {
  if (text.includes(',')) return { why: 'kboot jumps through one bastion, and these are several' };
  return targetOf(text.replace(/^ssh:\/\//, ''));
}

function targetOf(text: string): ForeignBastion | { readonly why: string } {
  const at = text.lastIndexOf('@');
  const end = parseEndpoint(text.slice(at + 1));
  if (isProblem(end) || at === 0 || text === '') return { why: 'it names no host that kboot understands' };
  return {
    address: end.host,
    ...(at > 0 && { user: text.slice(0, at) }),
    ...(end.port !== undefined && { port: end.port }),
  };
}

/** `ssh [options] -W %h:%p [USER@]HOST`, or with `nc %h %p` on that host. */
function commandOf(text: string): ForeignBastion | { readonly why: string } {
  const why = 'kboot understands a ProxyCommand only if it is `ssh … -W %h:%p [USER@]BASTION`';
  const words = shellWords(text);
  if ('problem' in words) return { why };
  const [program, ...rest] = words.map(({ text: word }) => word);
  if (program === undefined || !/^(\S*\/)?ssh$/.test(program)) return { why };
  const { options, others } = optionsIn(rest);
  const forward = options.some(({ option, value }) => option === 'W' && /^\[?%h\]?:%p$/.test(value));
  const [target = '', ...command] = others;
  const carried = forward ? command.length === 0 : /^(nc|ncat|netcat)( -\S+)* %h %p$/.test(command.join(' '));
  if (!carried) return { why };
  const made = targetOf(target);
  if ('why' in made) return { why };
  return options.reduce<ForeignBastion>((bastion, { option, value }) => {
    const own =
      option === 'o'
        ? optionOf(...(settingOf(value) ?? ['', '']))
        : optionOf({ l: 'user', p: 'port', i: 'identityfile' }[option] ?? '', value);
    // Options that are not about how the bastion is reached matter to ssh alone.
    return 'why' in own || own.bastion !== undefined ? bastion : { ...bastion, ...own };
  }, made);
}

function settingOf(value: string): readonly [string, string] | undefined {
  const [, name, setting] = /^\s*(\w+)\s*[=\s]\s*(.*?)\s*$/s.exec(value) ?? [];
  return name === undefined ? undefined : [name.toLowerCase(), setting ?? ''];
}

/** Options before and after the target, as getopt reads them, and the other words. */
function optionsIn(words: readonly string[]): {
  readonly options: readonly { readonly option: string; readonly value: string }[];
  readonly others: readonly string[];
} {
  const options: { option: string; value: string }[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!/^-[A-Za-z0-9]/.test(word)) {
      // The target; ssh takes options behind it, too, and then a command.
      const { options: more, others } = optionsIn(
        /^-[A-Za-z0-9]/.test(words[at + 1] ?? '') ? words.slice(at + 1) : [],
      );
      return {
        options: [...options, ...more],
        others: [word, ...(more.length > 0 ? others : words.slice(at + 1))],
      };
    }
    for (let index = 1; index < word.length; index++) {
      const option = word.charAt(index);
      if (!withValue.includes(option)) {
        options.push({ option, value: '' });
        continue;
      }
      const rest = word.slice(index + 1);
      if (rest === '') at++;
      options.push({ option, value: rest === '' ? (words[at] ?? '') : rest });
      break;
    }
  }
  return { options, others: [] };
}
