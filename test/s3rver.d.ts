// s3rver ships no types; the tests name what they use of it.
declare module "s3rver";
