// Command driver reads cases from standard input, one a line, and prints the answer of each reader.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"
)

type lookup = func(string) (string, bool)

type loader = func(dir string, lookup lookup) (any, error)

type testCase struct {
	Contract    int
	Environment map[string]string
	Directory   string
}

type secret interface {
	fmt.Stringer
	fmt.GoStringer
	json.Marshaler
	Expose() string
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	decoder, encoder := json.NewDecoder(lines), json.NewEncoder(output)
	for decoder.More() {
		var next testCase
		must(decoder.Decode(&next))
		must(encoder.Encode(answer(next)))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func answer(next testCase) map[string]any {
	settings, err := loaders[next.Contract](next.Directory, func(key string) (string, bool) {
		text, isGiven := next.Environment[key]
		return text, isGiven
	})
	if err != nil {
		problems := []string{}
		for _, problem := range err.(interface{ Unwrap() []error }).Unwrap() {
			problems = append(problems, problem.Error())
		}
		if err.Error() != strings.Join(problems, "\n") {
			panic(err)
		}
		return map[string]any{"ok": false, "problems": problems}
	}
	fields := reflect.ValueOf(settings).Elem()
	values := make([]any, fields.NumField())
	for i := range values {
		values[i] = printed(fields.Field(i))
	}
	return map[string]any{"ok": true, "values": values}
}

func printed(value reflect.Value) any {
	switch held := value.Interface().(type) {
	case time.Duration:
		return strconv.FormatInt(held.Milliseconds(), 10)
	case secret:
		if value.Kind() == reflect.Struct {
			checkMask(held)
			return held.Expose()
		}
	}
	switch value.Kind() {
	case reflect.Pointer:
		if value.IsNil() {
			return nil
		}
		return printed(value.Elem())
	case reflect.Slice:
		if value.IsNil() {
			return nil
		}
		items := make([]any, value.Len())
		for i := range items {
			items[i] = printed(value.Index(i))
		}
		return items
	case reflect.Float64:
		return strconv.FormatFloat(value.Float(), 'g', -1, 64)
	default:
		return fmt.Sprint(value.Interface())
	}
}

func checkMask(held secret) {
	hidden := struct{ held any }{held}
	encoded, err := json.Marshal(held)
	must(err)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %q %x", held, held, held, held, held, held), fmt.Sprintf("%+v", hidden), string(encoded)} {
		if len(held.Expose()) > 1 && strings.Contains(text, held.Expose()) {
			panic("a secret is shown: " + text)
		}
	}
}
