// Package kill ends the real programs with SIGKILL at chosen moments, again and again,
// and looks each time whether they have kept their word.
//
// A round is one kill, a look at what it left behind, and a start. The programs know
// nothing of it; there is no code for it in them. A Point names the moment:
//
//	random                    some time into a trip
//	api capture executed      the payment API has done it, its answer has not left
//	api capture late          it does it only when the next life is under way
//	screen due                the passenger's screen has just shown that for the first time
//	meter stopped             so many frames after the key was pressed
//	act cash answered         the driver was told that it is taken
//	page button sent          the passenger's phone has just pressed the button
//	page paid shown           it shows that for the first time
//	startup                   some time into the start after the last kill
//	startup first             some time into the first start, when files and keys are made
//	syscall fdatasync         at the entry of the n-th one of a thread, by strace
//
// # What is looked at
//
// Everything that anybody was told before the kill must be in the file after it: the
// amounts and the PAID on the screen, what the control socket said yes to, and each
// payment and each idempotency key that the payment API has ever seen. It is read from
// a copy, so that the program itself has to recover its file. SQLite's integrity_check
// must be content, the journal's chain must hold, and the journal of the round before
// must be the beginning of it, row by row.
//
// What cars are like, takes turns: most have the usual meter, some another one, and some
// offer tips, requests to phones and to share the number. Trips of a fleet are also paid
// on the page of the car's sticker, by a claim while the car is cut off from its gateway,
// and given back by the office. A page that says PAID must be right at that moment, and
// the digits that the phone shows must be taken.
//
// A meter that only sends (gwp5043) and told the fare while the terminal was down has
// lost it: the terminal must say so, and ask for nothing. Such trips are counted apart. One
// that keeps its records until they are acknowledged (jtt905) must lose none.
//
// When a car's day is over everything must drain by itself, and then journal, outcome
// and the API's ledger must agree, each payment captured once or not at all.
//
// # Seeds
//
// The seed fixes what is chosen: outcomes, amounts, points, moments. Real processes on
// a machine with other work do not run the same way twice, so a seed does not replay a
// failure exactly. What was found, the directory of the car keeps: its file, its log
// and its rounds.
package kill
