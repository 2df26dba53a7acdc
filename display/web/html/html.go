// Package html writes pages in which data can only ever be text.
//
// A page is put together of Nodes:
//
//	html.El(`section class="message"`,
//		html.Say("h1", headline),
//		html.If(last, html.Say("p", text)),
//	)
//
// What is markup comes out of the program's source and nowhere else. The compiler sees to
// it: the type of what stands between < and > is not exported, so that a constant turns into
// it by itself and a variable cannot. And only this package makes Nodes. What is data goes
// through Text, Attr or Path and is escaped for the place where it stands. There is no way
// around that, and so nothing to look for in a review.
//
// Pages are functions of what they show, checked by the compiler. Nothing is parsed or
// looked up by name while the program runs: text/template, which finds methods by their
// names, makes the linker keep every exported method of the program
// (docs/decisions/pages.md).
package html

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// constant is text out of the program's source.
type constant string

// Node is a part of a page that has been written: elements and text, or attributes of the
// element around them. The zero Node is nothing.
type Node struct{ attributes, content string }

// String is the HTML.
func (n Node) String() string { return n.content }

// All are Nodes side by side.
func All(nodes ...Node) Node {
	var attributes, content strings.Builder
	for _, n := range nodes {
		attributes.WriteString(n.attributes)
		content.WriteString(n.content)
	}
	return Node{attributes.String(), content.String()}
}

// If is the nodes, or nothing.
func If(is bool, nodes ...Node) Node {
	if !is {
		return Node{}
	}
	return All(nodes...)
}

// Each is a Node for each of a list.
func Each[T any](list []T, node func(T) Node) Node {
	nodes := make([]Node, len(list))
	for i := range list {
		nodes[i] = node(list[i])
	}
	return All(nodes...)
}

// Text is data between tags.
func Text(data string) Node { return Node{content: escape.Replace(data)} }

// escape makes data harmless between tags and between quotes. A carriage return would end
// a line of the events that pages come in, and a zero is an error in HTML.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "\r", "&#13;", "\x00", "\uFFFD")

// Static is a piece of HTML as it stands in the source.
func Static(html constant) Node { return Node{content: string(html)} }

// El is an element. tag is what stands in its opening tag, e.g. `p class="body"`; inside
// are its further attributes and its content.
func El(tag constant, inside ...Node) Node {
	name, _, _ := strings.Cut(string(tag), " ")
	if slices.Contains(raw, strings.ToLower(name)) {
		panic(fmt.Sprintf("html: what is in <%s> is no text: write it with Static", name))
	}
	in := All(inside...)
	opened := "<" + string(tag) + in.attributes + ">"
	if name == "img" { // has no end
		return Node{content: opened}
	}
	return Node{content: opened + in.content + "</" + name + ">"}
}

// raw are the elements whose content browsers do not read as text.
var raw = []string{"script", "style", "iframe", "noembed", "noframes", "noscript", "plaintext", "xmp"}

// Say is an element of text only.
func Say(tag constant, data string) Node { return El(tag, Text(data)) }

// SayAny is Say, or nothing if there is no text.
func SayAny(tag constant, data string) Node { return If(data != "", Say(tag, data)) }

// Attr is an attribute whose value is data.
func Attr(name constant, data string) Node {
	if n := strings.ToLower(string(name)); strings.HasPrefix(n, "on") || slices.Contains(acting, n) {
		panic(fmt.Sprintf("html: a browser acts upon %s: no data in it", n))
	}
	return attribute(name, data)
}

// acting are the attributes that browsers do not take as text, but act upon.
var acting = []string{"style", "href", "src", "srcset", "srcdoc", "action", "formaction", "background", "data", "ping", "poster", "xlink:href"}

// Path is an attribute whose value is an address that data is one step of, e.g.
// Path("src", "/code/", id, ".svg").
func Path(name, before constant, step string, after constant) Node {
	return attribute(name, string(before)+url.PathEscape(step)+string(after))
}

func attribute(name constant, value string) Node {
	return Node{attributes: " " + string(name) + `="` + escape.Replace(value) + `"`}
}

// Flag is an attribute without a value.
func Flag(name constant) Node { return Node{attributes: " " + string(name)} }

// Class is the attribute of that name. Empty words are left out.
func Class(words ...string) Node {
	return Attr("class", strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " "))
}
