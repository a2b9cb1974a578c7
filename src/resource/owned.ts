import { setLineBreak } from '../model/shell.ts';
import { hostFolder } from './prelude.ts';

/** Shell: if there are positional parameters, the list of files that kboot wrote becomes `$o`, between line breaks. */
export const readOwned = `${setLineBreak}; o=
[ $# = 0 ] || o=$n$(cat ${hostFolder}/owned 2>/dev/null)$n`;

/** Shell, after readOwned: does something if kboot wrote the file `$f`. */
export const ifOwned = (then: string): string => `case $o in *"$n$f$n"*) ${then} ;; esac`;
