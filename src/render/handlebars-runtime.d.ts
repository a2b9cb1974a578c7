/** Runtime for compiled templates: handlebars without its parser and compiler. The package types it under another name. */
declare module 'handlebars/runtime.js' {
  import Handlebars from 'handlebars';
  export default Handlebars;
}
