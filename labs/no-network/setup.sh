#!/bin/bash
# Orders for the batch job: so many lines, and so many of them paid.
if [ "$HOST" = node1 ]; then
  mkdir -p /root/orders
  customers=("Liu Yang" "Anna Berg" "Chen Jie" "Tom Frey" "Wang Fang" "Eva Roth" "Zhao Lei")
  {
    echo id,customer,amount,state
    # Paid ones are spread evenly over all.
    for ((n = 1, due = 0; n < CSV_LINES; n++)); do
      state=open
      if ((n % 9 == 0)); then state=cancelled; fi
      due=$((due + PAID))
      if ((due >= CSV_LINES - 1)); then
        state=paid
        due=$((due - CSV_LINES + 1))
      fi
      echo "$((1000 + n)),${customers[n % 7]},$((n * 37 % 240 + 5)).$((n % 9))0,$state"
    done
  } > /root/orders/orders.csv
fi
