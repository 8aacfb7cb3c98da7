/** Development users: the password of each is the username. The subjects are fixed, so data outlives the provider. */
export interface User {
  subject: string;
  username: string;
  name: string;
}

const users: User[] = [
  { subject: "0a11ce00-5ea1-4000-8000-000000000001", username: "alice", name: "Alice" },
  { subject: "0000b0b0-5ea1-4000-8000-000000000002", username: "bob", name: "Bob" },
];

/** Undefined when the username or the password is wrong. */
export function checkPassword(username: string, password: string): User | undefined {
  return users.find((user) => user.username === username && user.username === password);
}

export function findUser(subject: string): User | undefined {
  return users.find((user) => user.subject === subject);
}
