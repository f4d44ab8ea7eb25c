  pushq %rbp
  movq %rsp, %rbp
block0:
  testl %esi, %esi
  jnz     label2; j label1
block1:
  movq %rsi, %rax
  jmp     label3
block3:
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0x40(%rdi), %r9
  movq 0x48(%rdi), %rdi
  call    *%r9
  jmp     label3

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl %esi, %esi
  jnz     label2; j label1
block2:
  movl $0x1, %eax
  jmp     label3
block3:
  movq %rbp, %rsp
  popq %rbp
  retq
block1:
  movq 0x40(%rdi), %r9
  movq 0x48(%rdi), %rdi
  call    *%r9
  jmp     label3

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl %esi, %esi
  jnz     label2; j label1
block2:
  movl $0x1, %eax
  jmp     label3
block3:
  movq %rbp, %rsp
  popq %rbp
  retq
block1:
  movq 0x40(%rdi), %r9
  movq 0x48(%rdi), %rdi
  call    *%r9
  jmp     label3

  pushq %rbp
  movq %rsp, %rbp
block0:
  cmpl $0x3e8, %esi
  jnbe    label4; j label1
block1:
  cmpl $0xa, %esi
  jb      label3; j label2
block2:
  movq %rsi, %rax
  imull %esi, %eax
  movq %rbp, %rsp
  popq %rbp
  retq
block3:
  jmp     label5
block4:
  jmp     label5
block5:
  movq 0x40(%rdi), %rax
  movq 0x48(%rdi), %rdi
  call    *%rax
  testl %eax, %eax
  jz      label7; j label6
block6:
  movl $0xfffffffe, %eax
  movq %rbp, %rsp
  popq %rbp
  retq
block7:
  movl $0xffffffff, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  jmp     label1
block1:
  subl $0x1, %esi
  testl %esi, %esi
  jnz     label2; j label3
block2:
  jmp     label1
block3:
  jmp     label4
block4:
  cmpl $0xfffffffd, %esi
  jz      label6; j label5
block5:
  leal 3(%rsi), %esi
  jmp     label4
block6:
  leal 3(%rsi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testl %esi, %esi
  jz      label2; j label1
block1:
  movq 0x40(%rdi), %r9
  movq 0x48(%rdi), %rdi
  call    *%r9
  movq %rax, %rsi
  jmp     label3
block3:
  leal 1(%rsi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  jmp     label3

