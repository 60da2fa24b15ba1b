/** A rule of oxlint: SQL stands in `src/main/storage`, beside the tables that it reads. */
const STATEMENT =
  /\bSELECT\s[\s\S]*?\bFROM\b|\bINSERT (?:OR \w+ )?INTO\b|\bUPDATE \w+\s+SET\b|\bDELETE FROM\b|\b(?:CREATE|DROP|ALTER) (?:VIRTUAL |TEMP |UNIQUE )*(?:TABLE|INDEX)\b|\bATTACH (?:DATABASE\b|\?)|^PRAGMA /;

const sqlOutside = {
  create(context) {
    const check = (node, text) => {
      if (STATEMENT.test(text))
        context.report({
          node,
          message: 'SQL stands in src/main/storage: ask a store, or give one a query.',
        });
    };
    return {
      Literal: (node) => typeof node.value === 'string' && check(node, node.value),
      TemplateLiteral: (node) => check(node, node.quasis.map(({ value }) => value.cooked).join(' x ')),
    };
  },
};

export default { meta: { name: 'storage' }, rules: { 'sql-outside': sqlOutside } };
