/**
 * What a task asks of a model's last layers: `outputs` numbers a text or a token, or none: the encoder's own answers
 * are used. The architecture says which modules make these of its hidden states, and what they are called.
 */
export interface HeadSpec {
  kind: 'sequence' | 'tokens' | 'none';
  outputs: number;
}
